/** What of a block was not the program's own time: the kernel's account of the thread, collections, standstills. Pure. */
import type { BlockRow, Cause } from '../protocol/rows.ts'
import { maySleep, sleeps } from './api-name.ts'

/** What is known of a thread at one moment: ms and numbers since it began. */
export interface Reading {
  at: number
  /** Busy time of its turns. */
  busy: number
  cpu: number
  /** Ready without a processor. */
  runDelay: number
  throttled?: number
  /** Looks at a held loop that have found its thread at work, and asleep in a call of the system. */
  atWork: number
  asleep: number
}

/** What came to it between two of them, around a block. */
export interface Account extends Omit<Reading, 'at'> {
  /** ms between the two that were not of the block. */
  outside: number
}

/** A reading so soon after the begin has missed nothing that matters. */
const RIGHT_AFTER_MS = 1

const WORTH_A_WORD_MS = 1

/** What is known of one block so far. */
export interface Findings {
  account?: Account
  /** ms in collections. */
  gc?: number
  /** ms in which the agent's worker too came late, without having run. */
  stoodStill?: number
  /** ms in which captures found it paused by a debugger. */
  paused?: number
}

export interface Proof {
  evidence: Omit<BlockRow['evidence'], 'samples'>
  /** What took most of it; undefined: the program's own code. */
  cause: Cause | undefined
  /** ms that were surely the program's own: nothing else is charged to its code. */
  own: number
}

/** `api`: what the code called; undefined: no capture says what it did. */
export function prove(duration: number, findings: Findings, api: string | null | undefined): Proof {
  const { account, gc = 0 } = findings
  const isPaused = findings.paused !== undefined
  // Some calls never sleep; what else is said of them was a moment, or another turn.
  const neverSleeps = typeof api === 'string' && !maySleep(api)
  const wasAsleep = account !== undefined && account.asleep > account.atWork && !isPaused && !neverSleeps
  const hasSlept = sleeps(api ?? null) || wasAsleep
  const ofBlock = account && shareOf(account, duration, hasSlept)
  const { cpu = 0, runDelay = 0, throttled = 0 } = ofBlock ?? {}
  // It needs a processor; of what nobody looked at, only its call can tell.
  const isKnown = isPaused || (account?.atWork ?? 0) > 0 || (api !== undefined && !maySleep(api))
  const isWork = account && !hasSlept && isKnown
  // The quota's account is the whole cgroup's, so it explains no more than what is missing.
  const starved = hasSlept ? runDelay : Math.max(runDelay, Math.min(throttled, duration - cpu))
  const missing = ofBlock ? Math.max(0, duration - cpu - starved) : duration
  let suspended = Math.min(missing, Math.max(findings.stoodStill ?? 0, findings.paused ?? 0))
  // Work that was not run: the process was stopped, or the whole machine taken away.
  if (isWork && cpu + starved + gc < duration / 2) suspended = missing

  // A collection is measured by the clock: where the thread was not run, that was not the collection's doing.
  const collecting = Math.min(gc, Math.max(0, duration - starved - suspended))
  const rest = Math.max(0, duration - collecting - starved - suspended)
  const own = isWork ? Math.min(rest, cpu) : rest
  const parts: [Cause | undefined, number][] = [
    [undefined, own],
    ['gc', collecting],
    ['cpu-starved', starved],
    ['suspended', suspended],
  ]
  const [cause] = parts.sort((a, b) => b[1] - a[1])[0]!
  // Without an account nobody knows for how long it went on being paused, or stopped.
  let sure = isPaused || (suspended > 0 && !account) ? 0 : own
  if (isWork && !isPaused) sure = Math.min(own, Math.max(0, account.cpu - account.outside))
  return {
    evidence: { ...ofBlock, ...(gc > 0 ? { gc } : {}), ...(suspended >= WORTH_A_WORD_MS ? { suspended } : {}) },
    cause,
    own: sure,
  }
}

/** Between the last reading before a block and the first one after it; undefined while one of them is missing. */
export function accountOf(
  begin: number,
  end: number,
  readings: readonly Reading[],
  standstills: readonly { from: number; to: number }[] = [],
): Account | undefined {
  const before = readings.findLast(({ at }) => at <= begin + RIGHT_AFTER_MS)
  const after = readings.find(({ at }) => at >= end)
  if (!before || !after) return undefined
  // Turns in which the process stood still are no longer than the work in them.
  const still = standstills.reduce(
    (sum, { from, to }) =>
      sum +
      Math.max(0, Math.min(to, begin) - Math.max(from, before.at)) +
      Math.max(0, Math.min(to, after.at) - Math.max(from, end)),
    0,
  )
  const account: Account = {
    outside: Math.max(0, begin - before.at) + (after.at - end) - still,
    busy: after.busy - before.busy - still,
    cpu: after.cpu - before.cpu,
    runDelay: after.runDelay - before.runDelay,
    atWork: after.atWork - before.atWork,
    asleep: after.asleep - before.asleep,
  }
  if (before.throttled !== undefined && after.throttled !== undefined)
    account.throttled = after.throttled - before.throttled
  return account
}

/**
 * Other turns between the two readings have had their part, which is no longer than they can have lasted. How long they were
 * is known by the clock of busy time; but of a block that has slept they may have had more than by their length.
 */
function shareOf(
  { outside, busy, cpu, runDelay, throttled }: Account,
  duration: number,
  hasSlept: boolean,
): { cpu: number; runDelay: number; throttled?: number } {
  const share = duration / Math.max(duration, hasSlept ? duration + outside : busy, cpu + runDelay)
  const part = (ms: number): number => Math.max(0, ms * share, Math.min(duration, ms - outside))
  return {
    cpu: part(cpu),
    runDelay: part(runDelay),
    ...(throttled === undefined ? {} : { throttled: throttled * share }),
  }
}
