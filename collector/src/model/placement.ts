/** Where in its turn a block was, and what that says of all else that the turn had. Pure. */
import type { Capture } from './captures.ts'

/** A turn that waited for longer than this in poll had idle time in it. */
const IDLE_MS = 1
const TIMERS_FILE = 'node:internal/timers'

/**
 * The busy time of a turn comes after its poll, unless the captures of the block were taken before: timers run before.
 * With hardly any idle time it is the same.
 */
export function beginOf({ begin, idleMs }: { begin: number; idleMs: number }, captures: readonly Capture[]): number {
  if (idleMs < IDLE_MS) return begin
  const early = captures.filter(({ at }) => at < begin - IDLE_MS).length
  return early > captures.length / 2 ? begin - idleMs : begin
}

/**
 * For which share of the time since the begin of a block that held the loop until the end of its turn had that been ready
 * which came over sockets in the same turn? For all of it when a call-back of poll held it; timers run before poll, so that
 * it became ready meanwhile. Where idle time was in the turn and no capture says when the block was, for none.
 */
export function readyShareOf(captures: readonly Capture[], idleMs: number): number {
  if (captures.length === 0) return idleMs < IDLE_MS ? 0.5 : 0
  return captures.some(({ stack }) => stack.some(({ file }) => file === TIMERS_FILE)) ? 0.5 : 1
}
