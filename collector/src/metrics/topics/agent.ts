import { seconds, type Topic } from '../topic.ts'

/** What the agent itself costs, loses and sees. */
export const agent: Topic = {
  name: 'agent',
  add({ totals, instances }, points) {
    points.value('agentCpuTime', {}, seconds(totals.agent.cpu))
    points.value('agentMemory', {}, totals.agent.memory)
    points.value('agentEvents', {}, totals.agent.events)
    points.value('agentDropped', {}, totals.agent.dropped)
    points.value('agentCaptures', {}, totals.agent.captures)
    points.value('agentCaptureTime', {}, seconds(totals.agent.captureCost))
    for (const instance of instances) {
      for (const { module, version, how } of instance.hooked) points.value('agentHook', { module, version, how }, 1)
    }
  },
}
