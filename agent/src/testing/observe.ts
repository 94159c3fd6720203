/** The program's side in a test process: recorder, activities, pools and the hooks asked for, with a reader on the channel. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createChannel, EVENT, PART } from '@loopscope/collector/protocol'
import type { BuiltinHook, HookContext, PackageHook } from '../hooks/hook.ts'
import { startPackageHooks } from '../hooks/load.ts'
import { Activities } from '../program/activity.ts'
import { now } from '../program/clock.ts'
import { Layers } from '../program/layers.ts'
import { Pools } from '../program/pools.ts'
import { Queues } from '../program/queues.ts'
import { Recorder } from '../program/recorder.ts'
import { Sockets } from '../program/sockets.ts'
import { Streams } from '../program/streams.ts'
import { startTurns } from '../program/turn.ts'
import { ChannelReader } from './read-channel.ts'

export interface Observed extends HookContext {
  reader: ChannelReader
  stop(): void
}

/** Libraries have to be imported afterwards, by a dynamic import. */
export function observe(builtin: readonly BuiltinHook[], packages: readonly PackageHook[] = []): Observed {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  const activities = new Activities(recorder, now, { context: true })
  activities.layers = new Layers(recorder, now, { all: true })
  const pools = new Pools(recorder, activities, now)
  const queues = new Queues(recorder, activities, pools, now)
  const streams = new Streams(recorder, activities, now)
  const context: HookContext = {
    recorder,
    activities,
    pools,
    queues,
    // Looks at what waits to be sent more often than in a program, so that tests need not wait.
    sockets: new Sockets(recorder, { now, tellAfterMs: 10, lookEveryMs: 40 }),
    streams,
    now,
    seen: ({ module, version, how, why }) =>
      recorder.record(EVENT.hooked, 0, now(), recorder.name([module, version, how, why ?? ''].join(PART)), 0),
  }
  const stop = startTurns({
    channel,
    recorder,
    now,
    idleTime: () => performance.nodeTiming.idleTime,
    longMs: 1000,
    onLong: () => activities.leftovers?.tellDue(),
    onTurn(time) {
      activities.settle()
      pools.sweep(time)
      streams.sweep(time)
    },
  })
  for (const hook of builtin) hook.start(context)
  if (packages.length > 0) startPackageHooks(packages, context)
  return { ...context, reader: new ChannelReader(channel), stop }
}

/** Waits for something that must come; the error says what did not. */
export async function until(what: string, isTrue: () => boolean, timeoutMs = 3000): Promise<void> {
  const start = Date.now()
  while (!isTrue()) {
    if (Date.now() - start > timeoutMs) throw new Error(`${what} did not come within ${timeoutMs} ms`)
    await sleep(2)
  }
}
