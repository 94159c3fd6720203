/**
 * Whether one callback held the loop in a block, or many small ones did: both have the same stacks. What tells is in which
 * callback each capture was taken, when that was over, and what else came to pass in the turn.
 */
import { CAPTURE } from '../protocol/events.ts'
import type { BlockCallbacks } from '../protocol/rows.ts'
import type { Capture } from './captures.ts'
import { isCode } from './frame.ts'

export type CallbackKind = NonNullable<BlockCallbacks['kind']>

export interface Turn {
  begin: number
  end: number
  /** All of the turn, in order. */
  captures: readonly Capture[]
  /** A callback this long would be a block by itself. */
  thresholdMs: number
  /** The activity that an activity is part of, 0 where there is none. */
  parentOf: (activity: number) => number
  happened: Happenings
}

/** What the events between two captures tell of a turn. */
export interface Happenings {
  /** What poll gave. */
  events: number
  /** Waits that were over. */
  resumed: number
  /** Those that began or ended. */
  activities: ReadonlySet<number>
}

/** Captures that were taken in one callback. */
interface Piece {
  /** What it is known to have lasted at least. */
  ms: number
  /** How long after its first capture it was over at the latest, where that is known. */
  within: number | undefined
}

/** Where one callback took this part of the block, it is told as one, whatever else ran. */
const LARGE_PART = 0.25
/** What a capture takes at the most; of a larger stack the outermost frame is not known. */
const MAX_FRAMES = { block: 24, sample: 12 }
/** Frames of the agent are taken, but not in the stack. */
const LEFT_OUT = 3
/** Node's own code is indented so that its `runMicrotasks()` begins in this column, and all calls of ticks further right. */
const RUN_MICROTASKS_COLUMN = 5

/** undefined where nothing is known of it. */
export function callbacksOf(turn: Turn): BlockCallbacks | undefined {
  const { captures, happened } = turn
  const kind = kindOf(captures)
  const told = tellingOf(captures, kind)
  const activities = new Set(happened.activities)
  for (const { activity } of captures) if (activity !== 0) activities.add(activity)

  const { pieces, isExact } = piecesOf(told, kind, turn)
  const longest = pieces.reduce((most, { ms }) => Math.max(most, ms), 0)
  const isMany = judge(pieces, isExact, longest, turn)
  const indices = told.map(({ callback }) => callback!.promiseIndex).filter((index) => index >= 0)
  const count = Math.max(
    happened.events,
    happened.resumed,
    activities.size,
    pieces.length,
    // The promises of one Promise.all go on in their order.
    indices.length > 0 ? Math.max(...indices) - Math.min(...indices) + 1 : 0,
    isMany ? estimate(turn.end - turn.begin, pieces) : 0,
  )
  if (pieces.length === 0 && count <= 1) return undefined
  return {
    ...(isMany === undefined ? {} : { isMany }),
    kind,
    count,
    activities: activities.size,
    ...(pieces.some(({ ms }) => ms > 0) ? { longest } : {}),
  }
}

/** Those that were taken in a callback, not between two of them: there a tick has no id, and no code is on the stack. */
function tellingOf(captures: readonly Capture[], kind: CallbackKind | null): Capture[] {
  const told = captures.filter(({ callback }) => callback && (kind !== 'nextTicks' || callback.id !== 0))
  const within = told.filter(({ stack }) => stack.some(isCode))
  // What does nothing but await is always seen between.
  return within.length > 0 ? within : told
}

function judge(pieces: readonly Piece[], isExact: boolean, longest: number, turn: Turn): boolean | undefined {
  if (pieces.length === 0) return undefined
  if (longest >= Math.min(turn.thresholdMs, (turn.end - turn.begin) * LARGE_PART)) return false
  // A single capture tells only where it is known when its callback was over.
  return pieces.length > 1 || (isExact && pieces[0]!.within !== undefined) ? true : undefined
}

/** If none was longer than those that were captured, there were so many; a random instant finds the longer ones. */
function estimate(duration: number, pieces: readonly Piece[]): number {
  const longest = Math.max(...pieces.map(({ within }) => within ?? Infinity))
  return Math.floor(duration / (longest * (1 + 1 / pieces.length)))
}

/**
 * A callback is over when its microtasks run. Not so for ticks, and for microtasks that had been queued before it: where
 * those are told apart by what is captured, their ends are not known (`isExact` is false).
 */
function piecesOf(captures: readonly Capture[], kind: CallbackKind | null, turn: Turn): Split {
  const groups: Capture[][] = []
  let isExact = kind !== 'nextTicks' && captures.every(({ callback }) => callback!.promiseIndex < 0)
  for (const capture of captures) {
    const group = groups.at(-1)
    const last = group?.at(-1)
    const isOver = last?.callback?.over !== undefined && last.callback.over <= capture.callback!.at
    const isOther = last !== undefined && !isOver && areApart(last, capture, kind, turn)
    if (isOther) isExact = false
    if (!group || isOver || isOther) groups.push([capture])
    else group.push(capture)
  }
  return { pieces: groups.map((group) => pieceOf(group, isExact)), isExact }
}

interface Split {
  pieces: Piece[]
  isExact: boolean
}

function pieceOf(group: readonly Capture[], isExact: boolean): Piece {
  const first = group[0]!
  const last = group.at(-1)!
  // A capture that had to wait was asked for while the same callback ran.
  const late = first.late ?? 0
  const from = late > 0 ? first.at - late : first.callback!.at
  const { over } = last.callback!
  const to = isExact && over !== undefined ? over : last.callback!.at
  return { ms: Math.max(0, to - from), within: over === undefined ? undefined : over - from }
}

/** Although no microtask has run between them. */
function areApart(a: Capture, b: Capture, kind: CallbackKind | null, { parentOf }: Turn): boolean {
  if (a.activity !== 0 && b.activity !== 0 && a.activity !== b.activity) {
    if (parentOf(a.activity) !== b.activity && parentOf(b.activity) !== a.activity) return true
  }
  const [one, other] = [a.callback!, b.callback!]
  if (one.promiseIndex !== other.promiseIndex) return true
  // Other callbacks than these are told apart by their microtasks, and may enter asynchronous scopes of their own.
  const isQueued = kind === 'nextTicks' || kind === 'microtasks'
  return isQueued && one.id !== 0 && other.id !== 0 && one.id !== other.id && !hasOwnScope(a) && !hasOwnScope(b)
}

function hasOwnScope({ stack }: Capture): boolean {
  return stack.some((frame) => frame.function.endsWith('runInAsyncScope'))
}

/** Of most captures; null where none tells. */
function kindOf(captures: readonly Capture[]): CallbackKind | null {
  const votes = new Map<CallbackKind, number>()
  for (const capture of captures) {
    const kind = kindOfCapture(capture)
    if (kind) votes.set(kind, (votes.get(kind) ?? 0) + 1)
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

/** By whom it was called back: what of Node's is around it, or else by the outermost frame that runs. */
export function kindOfCapture({ stack, reason }: Pick<Capture, 'stack' | 'reason'>): CallbackKind | null {
  for (const { function: name, file, column } of stack) {
    if (!file.startsWith('node:internal/')) continue
    if (name === 'processImmediate') return 'immediates'
    if (name === 'listOnTimeout' || name === 'processTimers') return 'timers'
    if (name === 'processTicksAndRejections') return column === RUN_MICROTASKS_COLUMN ? 'microtasks' : 'nextTicks'
  }
  const at = stack.findLastIndex((frame) => !frame.async)
  const outermost = stack[at]
  if (!outermost) return null
  // What goes on after an await; where no tick was waiting, V8 calls it directly.
  if (at < stack.length - 1) return 'microtasks'
  if (stack.length > MAX_FRAMES[reason === CAPTURE.block ? 'block' : 'sample'] - LEFT_OUT) return null
  return outermost.file.startsWith('node:') ? 'events' : 'microtasks'
}
