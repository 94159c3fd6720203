/** For how long the captures of a block speak, and what that says. Pure. */
import { CAPTURE } from '../protocol/events.ts'
import { sleeps } from './api-name.ts'
import type { Capture } from './captures.ts'
import { findCulprit } from './culprit.ts'
import type { Findings } from './evidence.ts'

/** A capture of a thread that waits is taken after that time at the most, if it need not wait for a call to end. */
const WAKE_MS = 10

/**
 * For how long each capture speaks: the time in which it had to wait, and half of what lies between it and its neighbours.
 * They come in the order in which they were taken.
 */
export function spansOf(captures: readonly Capture[], begin: number, end: number): Map<Capture, number> {
  const spans = new Map<Capture, number>()
  captures.forEach((capture, i) => {
    const askedAt = ({ at, late = 0 }: Capture): number => at - late
    const before = captures[i - 1]
    const after = captures[i + 1]
    const from = Math.max(begin, before ? before.at : begin)
    const asked = Math.max(from, askedAt(capture))
    const to = after ? Math.max(capture.at, askedAt(after)) : end
    const ms = (asked - from) / (before ? 2 : 1) + (capture.at - asked) + (to - capture.at) / (after ? 2 : 1)
    spans.set(capture, Math.max(0, ms))
  })
  return spans
}

/** A capture of the culprit that holds the loop for longest; a block's own captures weigh more than a stray sample. */
export function longest(captures: readonly Capture[], spans: ReadonlyMap<Capture, number>): Capture | undefined {
  const votes = new Map<string, { captures: Capture[]; weight: number }>()
  for (const capture of captures) {
    const frame = findCulprit(capture.stack)?.frame
    const key = frame ? `${frame.function}\0${frame.file}\0${frame.line}` : ''
    const trust = frame ? (capture.reason === CAPTURE.sample ? 0.9 : 1) : 0.01
    // Two at the same moment are two all the same.
    const weight = trust * (0.1 + spans.get(capture)!)
    const vote = votes.get(key)
    if (vote) {
      vote.weight += weight
      vote.captures.push(capture)
    } else votes.set(key, { captures: [capture], weight })
  }
  return [...votes.values()].sort((a, b) => b.weight - a.weight)[0]?.captures[0]
}

/**
 * ms for which a debugger had paused the thread. It waits for a lock then, and takes a capture at once all the same: Node
 * serves its inspector meanwhile. In any other call that waits, a capture comes when the call is over.
 */
export function pausedIn(captures: readonly Capture[], begin: number, end: number): Findings {
  const isPaused = ({ reason, late = 0, stack }: Capture): boolean =>
    reason === CAPTURE.asleep && late < WAKE_MS && !sleeps(findCulprit(stack)?.api ?? null)
  // Samples are asked for without a look at what the thread waits for.
  const own = captures.filter(({ reason }) => reason !== CAPTURE.sample)
  const spans = spansOf(own, begin, end)
  const paused = own.filter(isPaused).reduce((sum, capture) => sum + spans.get(capture)!, 0)
  return paused > 0 ? { paused } : {}
}
