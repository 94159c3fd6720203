/** What `@loopscope/agent/api` does when the agent is loaded. */
import type { AgentApi } from '../api.ts'
import type { Host } from './host.ts'
import type { Program } from './start.ts'

export function createApi({ activities, allowances, recorder }: Program, host: Host | undefined): AgentApi {
  return {
    async withTask(name, fn) {
      const task = activities.begin('background', recorder.name(name), activities.current())
      try {
        const result = await activities.run(task, fn)
        activities.end(task, 'ok')
        return result
      } catch (error) {
        activities.failedWith(task, error)
        activities.end(task, 'failed')
        throw error
      }
    },
    allowBlocking: (fn, why) => allowances.run(fn, why),
    setRoute(name) {
      const activity = activities.current()
      if (activity) activities.setRoute(activity, recorder.name(name))
    },
    async metrics() {
      return (await host?.metrics()) ?? ''
    },
  }
}
