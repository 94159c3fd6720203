/** The composition root of an observed thread: everything that runs on the program's side, put together once. */
import { performance } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
import { CAPTURE, CLOCK, createChannel, EVENT, PART, type Channel, type HookRow } from '@loopscope/collector/protocol'
import type { Config } from '../config.ts'
import type { HookContext } from '../hooks/hook.ts'
import { BUILTIN_HOOKS, PACKAGE_HOOKS } from '../hooks/index.ts'
import { startPackageHooks } from '../hooks/load.ts'
import { Activities } from './activity.ts'
import { Allowances } from './allow.ts'
import { CallbackMarks } from './callback-marks.ts'
import { installCapture } from './capture.ts'
import { now } from './clock.ts'
import { onContextUse } from './context-use.ts'
import { isCarryingDear } from './context.ts'
import { startGcWatch } from './gc.ts'
import { installGuards } from './guard.ts'
import { startHeapReading } from './heap.ts'
import { Layers } from './layers.ts'
import { Pools } from './pools.ts'
import { Queues } from './queues.ts'
import { Recorder } from './recorder.ts'
import { Sockets } from './sockets.ts'
import { Streams } from './streams.ts'
import { Traces } from './trace.ts'
import { startTurns } from './turn.ts'

export interface Program {
  channel: Channel
  activities: Activities
  allowances: Allowances
  recorder: Recorder
}

/** A turn that was busy this long is an event of its own, whatever the threshold of blocks is. */
const LONG_TURN_MS = 5

export function startProgram(config: Config): Program {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  const disabled = new Set(config.disable)
  const carries = disabled.has('context') ? 'off' : config.context
  const isOnDemand = carries === 'auto' && isCarryingDear
  const activities = new Activities(recorder, now, { context: carries !== 'off' && !isOnDemand })
  const allowances = new Allowances(recorder, now, { context: carries !== 'off' })
  const pools = new Pools(recorder, activities, now)
  const queues = new Queues(recorder, activities, pools, now)
  const sockets = new Sockets(recorder, { now })
  const streams = new Streams(recorder, activities, now)
  const traces = new Traces(recorder)
  const gc = startGcWatch(channel, recorder)
  const heap = startHeapReading(channel)
  const timing = performance.nodeTiming
  const events = (): number => timing.uvMetricsInfo.events
  channel.clock[CLOCK.epoch] = Date.now() - now()

  startTurns({
    channel,
    recorder,
    now,
    idleTime: () => timing.idleTime,
    events,
    longMs: Math.min(LONG_TURN_MS, config.blockMs / 2),
    onLong(busyMs) {
      if (busyMs >= config.blockMs) activities.leftovers?.tellDue()
    },
    onTurn(time) {
      activities.settle()
      pools.sweep(time)
      streams.sweep(time)
      traces.settle(time)
      gc.settle()
      heap.settle(time)
    },
  })
  if (!disabled.has('capture')) {
    const marks = new CallbackMarks(recorder, now, events)
    const onContext = (turn: number, reason: number, promiseIndex: number): void => {
      traces.putAside(turn)
      allowances.mark(turn)
      if (reason !== CAPTURE.sample) marks.captured(turn, promiseIndex)
    }
    installCapture({ recorder, activities, now, onContext })
    installGuards(channel.control, now, isMainThread)
  }

  const seen = (row: HookRow): void => {
    const name = recorder.name([row.module, row.version, row.how, row.why ?? ''].join(PART))
    recorder.record(EVENT.hooked, 0, now(), name, 0)
  }
  if (isOnDemand) {
    const row = { module: 'async context', version: process.versions.node }
    seen({
      ...row,
      how: 'none',
      why: 'costs every promise on this Node: on as soon as the program uses AsyncLocalStorage',
    })
    onContextUse(() => {
      activities.carry()
      seen({ ...row, how: 'api' })
    })
  }
  if (config.level !== 'minimal') {
    const context: HookContext = { recorder, activities, pools, queues, sockets, streams, now, seen }
    if (config.layers !== 'off') activities.layers = new Layers(recorder, now, { all: config.layers === 'all' })
    for (const hook of BUILTIN_HOOKS) {
      if (disabled.has(hook.name)) seen({ module: hook.name, version: '', how: 'none', why: 'switched off' })
      else hook.start(context)
    }
    startPackageHooks(PACKAGE_HOOKS, context, disabled)
  }
  return { channel, activities, allowances, recorder }
}
