/**
 * Every turn of the loop, exactly. An unref'd setImmediate that re-arms itself is a uv_check hook in plain JavaScript: it
 * runs once a turn and never keeps the loop awake. `nodeTiming.idleTime` (libuv's own account of the time in poll) beside
 * the clock gives the busy time.
 *
 * Reading idleTime costs as much as the rest of the tick, so it is read only when a turn was long or a millisecond has
 * gone by: turns shorter than that are counted by the mean of their millisecond, sums stay exact.
 */
import {
  CLOCK,
  CONTROL,
  DOZE,
  EVENT,
  START_UP_TURN,
  TURN_BUCKETS,
  TURN_MIN_INDEX,
  TURN_SCALE,
  type Channel,
} from '@loopscope/collector/protocol'
import type { Recorder } from './recorder.ts'

const PER_OCTAVE = 2 ** TURN_SCALE
const READ_EVERY_MS = 1

export interface TurnOptions {
  channel: Channel
  recorder: Recorder
  now: () => number
  /** Time spent in poll so far, in ms. */
  idleTime: () => number
  /** Events that poll has given so far; asked in long turns only, as it takes 0.04 to 0.16 us. */
  events?: () => number
  /** A turn this long is recorded as an event of its own. */
  longMs: number
  /** Before the event of each long turn: what only holds while nothing has run after it. */
  onLong?: (busyMs: number) => void
  /** Runs after each long turn and at most once a millisecond: the place for work that must not run in an interrupt. */
  onTurn: (now: number) => void
}

export function startTurns(options: TurnOptions): () => void {
  const { recorder, now, idleTime, events, longMs, onLong, onTurn } = options
  const { control, clock, turns } = options.channel
  const arm = setImmediate
  let immediate: NodeJS.Immediate
  let last = now()
  let lastRead = last
  let lastIdle = idleTime()
  let unread = 0
  clock[CLOCK.lastTurn] = last

  function tick(): void {
    const time = now()
    const elapsed = time - last
    last = time
    unread++
    const beat = (control[CONTROL.beat]! + 1) & 0x7fffffff
    if (beat === 1) begin(time, elapsed)
    else if (elapsed >= READ_EVERY_MS || time - lastRead >= READ_EVERY_MS) read(time, elapsed, beat)
    control[CONTROL.beat] = beat
    // After a long rest: timers are due after this phase, and what they run may be a block.
    if (control[CONTROL.dozing] === DOZE.untilTurn) recorder.wake()
    immediate = arm(tick)
    immediate.unref()
  }

  /** Modules have been loaded, the loop begins; as Node's own eventLoopUtilization, the account starts here. */
  function begin(time: number, elapsed: number): void {
    if (elapsed >= longMs) recorder.record(EVENT.turn, START_UP_TURN, time, elapsed, 0)
    clock[CLOCK.lastTurn] = time
    lastRead = time
    lastIdle = idleTime()
    unread = 0
  }

  /** Settles the account of all turns since the last read. */
  function read(time: number, elapsed: number, beat: number): void {
    const idleNow = idleTime()
    const idle = idleNow - lastIdle
    const span = time - lastRead
    const busy = Math.min(span, Math.max(0, span - idle))
    const short = span - elapsed // the turns before this one, less than a millisecond in all
    const busyBefore = Math.min(short, busy)
    const busyHere = busy - busyBefore
    if (unread > 1) count(busyBefore / (unread - 1), unread - 1)
    count(busyHere, 1)
    clock[CLOCK.lastTurn] = time
    clock[CLOCK.busy]! += busy
    clock[CLOCK.idle]! += span - busy
    if (busyHere > clock[CLOCK.longest]!) clock[CLOCK.longest] = busyHere
    // The heartbeat still has the number that captures of this turn carry.
    if (busyHere >= longMs) {
      onLong?.(busyHere)
      if (events) recorder.record(EVENT.turnEvents, beat - 1, time, events(), 0)
      recorder.record(EVENT.turn, beat - 1, time, busyHere, span - busy)
    }
    lastRead = time
    lastIdle = idleNow
    unread = 0
    onTurn(time)
  }

  function count(busyMs: number, times: number): void {
    const index = busyMs > 0 ? Math.ceil(Math.log2(busyMs) * PER_OCTAVE) - 1 - TURN_MIN_INDEX : 0
    turns[index < 0 ? 0 : index >= TURN_BUCKETS ? TURN_BUCKETS - 1 : index]! += times
  }

  immediate = arm(tick)
  immediate.unref()
  return () => clearImmediate(immediate)
}
