/** Compares the blocks that the agent reports with what the program planted and saw of its own loop. Pure. */
import type { BlockRow, Cause } from '@loopscope/collector/protocol'

export interface Span {
  from: number
  to: number
}

export interface Expectation {
  /** Any of these is right. */
  functions: string[]
  file: string
  lines: number[]
  /** A pattern; null: none. */
  api: string | null
  package: string | null
  /** Functions that the stack must hold, innermost first. */
  frames: string[]
  causes: Cause[]
  /** It holds the loop without a processor: neither on one nor waiting for one says nothing then. */
  sleeps: boolean
  route: string
}

export interface Planted {
  kind: string
  wanted: number
  start: number
  end: number
  /** Of what ran right after it in the same callback. */
  until: number
  runDelay: number
  awaited: boolean
  decoy: boolean
}

export interface Turn extends Span {
  busy: number
  /** ms on a processor; null where the system does not say. */
  cpu: number | null
  runDelay: number
}

/** What a program writes; all times in unix ms. */
export interface Truth {
  threadId: number
  kinds: Record<string, Expectation>
  planted: Planted[]
  turns: Turn[]
  collections: Span[]
}

export interface Found {
  planted: Planted
  ms: number
  /** It was over the threshold, so that it had to be reported. */
  isDue: boolean
  row: BlockRow | undefined
  /**
   * What is right of the row; undefined where it does not apply: of a block that was not due its decoy may be to blame, and
   * one that is the system's fault needs no name.
   */
  function: boolean | undefined
  line: boolean | undefined
  route: boolean | undefined
  api: boolean | undefined
  cause: boolean
  package: boolean | undefined
  frames: boolean | undefined
  /** ms by which the duration is off, and whether that is within 1 ms or 2 %. */
  durationError: number
  duration: boolean
  beginError: number
  /** One of the program's functions is blamed, and the system was at fault. */
  isWronged: boolean
}

/** A row that nobody planted. */
export interface Extra {
  row: BlockRow
  /** The turn in which the program saw its loop held for so long, if it did; without it the block did not happen. */
  turn: Turn | undefined
  /** Without it: the turn in which it must have been, if that was long at all. */
  around: Turn | undefined
  /** Why the turn was long, as far as the program can tell. */
  why: 'starved' | 'stolen' | 'collection' | 'stopped' | 'code' | undefined
  /** One of the program's functions is blamed, and the system was at fault. */
  isWronged: boolean
}

export interface Comparison {
  found: Found[]
  extras: Extra[]
}

/** The agent sets its clock by a whole ms. */
const CLOCK_MS = 1.5
const OWN_CAUSES: readonly Cause[] = ['js', 'sync-call']
/** Of a share between these it cannot be said whether it is more than half. */
const HALF = [0.35, 0.65] as const

/** `stops`: spans in which the process was stopped. */
export function compare(
  truth: Truth,
  rows: readonly BlockRow[],
  thresholdMs: number,
  stops: readonly Span[] = [],
): Comparison {
  const first = truth.planted[0]?.start ?? Infinity
  const left = new Set(
    rows.filter((row) => isOf(row, truth.threadId) && !row.startup && row.at + row.duration >= first - 50),
  )
  const found = truth.planted.map((planted) => {
    const turn = truth.turns.find(({ from, to }) => planted.start >= from && planted.start <= to)
    const row = closest(left, planted, turn)
    if (row) left.delete(row)
    return judge(planted, row, turn, truth, thresholdMs, stops)
  })
  const extras = [...left].map((row) => explain(row, truth, stops))
  return { found, extras }
}

function isOf(row: BlockRow, threadId: number): boolean {
  const [, suffix] = /:\d+(?:\.(\d+))?$/.exec(row.instance) ?? []
  return Number(suffix ?? 0) === threadId
}

/** The row that overlaps most, else one that lies in the same turn (a block before an idle moment has two places). */
function closest(rows: Iterable<BlockRow>, { start, end }: Planted, turn: Turn | undefined): BlockRow | undefined {
  let best: BlockRow | undefined
  let most = 0
  for (const row of rows) {
    const overlap = overlapOf({ from: start, to: end }, { from: row.at, to: row.at + row.duration })
    if (overlap > most && overlap > Math.min(row.duration, end - start) / 2) [best, most] = [row, overlap]
  }
  if (best || !turn) return best
  const from = turn.from - CLOCK_MS
  const to = turn.to + CLOCK_MS
  return [...rows].find((row) => row.at >= from && row.at + row.duration <= to)
}

function judge(
  planted: Planted,
  row: BlockRow | undefined,
  turn: Turn | undefined,
  truth: Truth,
  thresholdMs: number,
  stops: readonly Span[],
): Found {
  const expected = truth.kinds[planted.kind]!
  const ms = planted.end - planted.start
  const base = { planted, ms, isDue: ms >= thresholdMs, row }
  if (!row) {
    const nothing = {
      function: false,
      line: false,
      route: false,
      api: false,
      cause: false,
      package: undefined,
      frames: undefined,
    }
    return { ...base, ...nothing, durationError: 0, duration: false, beginError: 0, isWronged: false }
  }
  // It took what was planted at the least; its turn was busy for so long at the most.
  const least = planted.until - planted.start
  const most = Math.max(least, turn?.busy ?? 0)
  const durationError = row.duration < least ? row.duration - least : Math.max(0, row.duration - most)
  const isFunction = expected.functions.includes(row.function ?? '')
  const causes = causesOf(
    turn ?? { from: planted.start, to: planted.end, busy: ms, cpu: null, runDelay: planted.runDelay },
    expected,
    truth,
    stops,
  )
  const isSystem = !causes.some((cause) => OWN_CAUSES.includes(cause))
  const mayBeUnnamed = row.function === null && causes.includes(row.cause) && !OWN_CAUSES.includes(row.cause)
  const named = <T>(value: T): T | undefined => (mayBeUnnamed || isSystem ? undefined : value)
  return {
    ...base,
    function: named(isFunction),
    line: named(isFunction && row.file === expected.file && expected.lines.includes(row.line ?? 0)),
    route: named(row.route === expected.route),
    api: named(expected.api === null ? row.api === null : new RegExp(expected.api).test(row.api ?? '')),
    cause: causes.includes(row.cause),
    package: expected.package === null ? undefined : named(packageOf(row) === expected.package),
    frames: expected.frames.length === 0 ? undefined : named(inOrder(expected.frames, row)),
    durationError,
    duration: Math.abs(durationError) <= Math.max(1, least * 0.02),
    beginError: row.at - planted.start,
    isWronged: isSystem && row.function !== null && OWN_CAUSES.includes(row.cause),
  }
}

/** What the turn spent its time on, as far as that is not the block's own. */
function causesOf(turn: Turn, expected: Expectation, { collections }: Truth, stops: readonly Span[]): Cause[] {
  const stopped = sum(stops.map((stop) => overlapOf(stop, turn)))
  const shares = [
    ['suspended', expected.sleeps ? stopped : Math.max(stopped, stolenOf(turn))],
    ['cpu-starved', turn.runDelay],
    ['gc', sum(collections.map((one) => overlapOf(one, turn)))],
  ] as const
  const causes: Cause[] = []
  for (const [cause, ms] of shares) {
    const share = ms / turn.busy
    if (share > HALF[0]) causes.push(cause)
    if (share > HALF[1]) return causes
  }
  return [...expected.causes, ...causes]
}

function explain(row: BlockRow, truth: Truth, stops: readonly Span[]): Extra {
  const span = { from: row.at, to: row.at + row.duration }
  // Where the thread lost its processor between the two ticks, the program's turn and the agent's are not quite the same.
  const overlapping = truth.turns.filter((one) => overlapOf(one, span) > 0)
  const isHeld =
    sum(overlapping.map((one) => Math.min(one.busy, overlapOf(one, span)))) >= row.duration * 0.8 - CLOCK_MS
  const [longest] = overlapping.sort((a, b) => overlapOf(b, span) - overlapOf(a, span))
  const turn = isHeld ? longest : undefined
  const middle = row.at + row.duration / 2
  const around = turn ? undefined : truth.turns.find(({ from, to }) => middle >= from && middle <= to)
  const why = turn && whyLong(turn, truth.collections, stops)
  const isBlamed = row.function !== null && OWN_CAUSES.includes(row.cause)
  return { row, turn, around, why, isWronged: isBlamed && why !== undefined && why !== 'code' }
}

/**
 * ms in which the thread was neither on a processor nor ready for one, though its loop did not wait: the whole machine was
 * taken away (virtual machines), or the process stopped. Not so where code sleeps: execSync, Atomics.wait.
 */
function stolenOf({ busy, cpu, runDelay }: Turn): number {
  return cpu === null ? 0 : Math.max(0, busy - cpu - runDelay)
}

function whyLong(turn: Turn, collections: readonly Span[], stops: readonly Span[]): NonNullable<Extra['why']> {
  if (sum(stops.map((stop) => overlapOf(stop, turn))) > turn.busy / 2) return 'stopped'
  if (turn.runDelay > turn.busy / 2) return 'starved'
  if (stolenOf(turn) > turn.busy / 2) return 'stolen'
  return sum(collections.map((one) => overlapOf(one, turn))) > turn.busy / 2 ? 'collection' : 'code'
}

function packageOf(row: BlockRow): string | undefined {
  const { package: named } = row as { package?: { name: string } | string | null }
  return typeof named === 'object' ? named?.name : named
}

function inOrder(names: readonly string[], { stack }: BlockRow): boolean {
  let at = 0
  for (const frame of stack) if (frame.function === names[at] || frame.function === `async ${names[at]}`) at++
  return at === names.length
}

function overlapOf(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
