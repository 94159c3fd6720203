/** What an activity that is under way takes, on the program's side and in the worker's model. */
import { InstanceModel } from '@loopscope/collector'
import type { Activity } from '../../src/program/activity.ts'
import { Reader } from '../../src/worker/reader.ts'
import { times, type MicroBench } from '../support/micro.ts'
import { createProgram } from './program.ts'

const LIVE = 8000

function heap(): number {
  const collect = (globalThis as { gc?: () => void }).gc
  if (!collect) throw new Error('run this with --expose-gc')
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

export const memory: MicroBench = {
  name: 'memory',
  run(plan) {
    const program: number[] = []
    const worker: number[] = []
    const n = Math.min(LIVE, times(plan, LIVE))
    for (let round = -1; round < plan.rounds; round++) {
      const { channel, recorder, activities } = createProgram()
      const reader = new Reader(channel)
      const identity = {
        id: '1',
        service: '',
        pid: 1,
        host: '',
        thread: 'main',
        node: '',
        agent: '',
        cwd: '/',
        agentFile: '',
      }
      const model = new InstanceModel({ ...identity, epoch: 0, startedAt: 0, thresholdMs: 50 }, reader.name)
      const [get, route] = [recorder.name('GET'), recorder.name('/things/:id')]
      const live = new Array<Activity | undefined>(n).fill(undefined)
      const before = heap()
      for (let i = 0; i < n; i++) {
        live[i] = activities.begin('request', get)
        activities.setRoute(live[i]!, route)
      }
      const between = heap()
      while (reader.drain(model.apply.bind(model)));
      const after = heap()
      if (model.activities.live.size !== n || live.includes(undefined)) throw new Error('an activity got lost')
      if (round < 0) continue
      program.push((between - before) / n)
      worker.push((after - between) / n)
    }
    return [
      { id: 'memory.program', about: 'memory of a live activity, program thread', unit: 'B', samples: program },
      { id: 'memory.worker', about: 'memory of a live activity, worker', unit: 'B', samples: worker },
    ]
  },
}
