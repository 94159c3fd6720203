/** A model of the program's side in a test: what the collector would say of it. Nobody else may read the channel. */
import { InstanceModel } from '@loopscope/collector'
import type { InstanceSnapshot } from '@loopscope/collector/protocol'
import { now } from '../program/clock.ts'
import { Reader } from '../worker/reader.ts'
import { until, type Observed } from './observe.ts'

export interface TestModel {
  readonly model: InstanceModel
  /** What is known by now. */
  snapshot(): InstanceSnapshot
  /** What is known when no activity is left. */
  quiet(): Promise<InstanceSnapshot>
}

export function modelOf({ recorder }: Pick<Observed, 'recorder'>): TestModel {
  const reader = new Reader(recorder.channel)
  const model = new InstanceModel(
    {
      id: '1',
      service: 'test',
      pid: 1,
      host: 'test',
      thread: 'main',
      node: process.versions.node,
      agent: '0',
      cwd: process.cwd(),
      agentFile: '/agent.js',
      epoch: 0,
      startedAt: 0,
      thresholdMs: 50,
    },
    reader.name,
  )
  const read = (): void => {
    while (reader.drain((kind, id, time, a, b) => model.apply(kind, id, time, a, b)));
  }
  const snapshot = (): InstanceSnapshot => {
    read()
    return model.snapshot(now())
  }
  return {
    model,
    snapshot,
    async quiet() {
      await until('the end of all activities', () => {
        read()
        return model.activities.live.size === 0
      })
      return snapshot()
    },
  }
}
