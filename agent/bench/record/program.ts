/** The agent's program side, put together as it is in a program, without its worker: the ring is emptied by the benchmark. */
import { CLOCK, CONTROL, createChannel, type Channel } from '@loopscope/collector/protocol'
import { Activities } from '../../src/program/activity.ts'
import { now } from '../../src/program/clock.ts'
import { startGcWatch } from '../../src/program/gc.ts'
import { startHeapReading } from '../../src/program/heap.ts'
import { Pools } from '../../src/program/pools.ts'
import { Queues } from '../../src/program/queues.ts'
import { Recorder } from '../../src/program/recorder.ts'
import { Sockets } from '../../src/program/sockets.ts'
import { Streams } from '../../src/program/streams.ts'
import { Traces } from '../../src/program/trace.ts'

export interface Program {
  channel: Channel
  recorder: Recorder
  activities: Activities
  pools: Pools
  queues: Queues
  sockets: Sockets
  streams: Streams
  onTurn: (time: number) => void
  /** What a reader that is never late would do. */
  empty: () => void
}

export function createProgram(): Program {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  const activities = new Activities(recorder, now, { context: true })
  const pools = new Pools(recorder, activities, now)
  const sockets = new Sockets(recorder, { now })
  const streams = new Streams(recorder, activities, now)
  const traces = new Traces(recorder)
  const gc = startGcWatch(channel, recorder)
  const heap = startHeapReading(channel)
  const { control, clock } = channel
  clock[CLOCK.epoch] = Date.now() - now()
  return {
    channel,
    recorder,
    activities,
    pools,
    queues: new Queues(recorder, activities, pools, now),
    sockets,
    streams,
    onTurn(time) {
      activities.settle()
      pools.sweep(time)
      streams.sweep(time)
      traces.settle(time)
      gc.settle()
      heap.settle(time)
    },
    empty() {
      control[CONTROL.tail] = control[CONTROL.head]!
    },
  }
}
