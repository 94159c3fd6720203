/** Blocks: a turn over the threshold, who held the loop in it (its captures say so), and who waited. */
import type { BlameRow, BlockRow, Cause, CulpritRow, Frame, Totals } from '../protocol/rows.ts'
import { routeOf, type ActivityModel, type LiveActivity } from './activities.ts'
import { Allowed } from './allowed.ts'
import { BlameModel, type Harm } from './blame.ts'
import { BlockTotals } from './block-totals.ts'
import { CallbackLedger } from './callback-ledger.ts'
import { callbacksOf } from './callbacks.ts'
import { longest, pausedIn, spansOf } from './capture-spans.ts'
import type { Capture } from './captures.ts'
import { findCulprit, type Culprit } from './culprit.ts'
import { accountOf, prove, type Findings, type Reading } from './evidence.ts'
import { KeptBlocks } from './kept-blocks.ts'
import { beginOf, readyShareOf } from './placement.ts'
import type { Happening } from './resumptions.ts'
import { isStartUp, modulesOf, START_UP_MS, startUpCulprit } from './start-up.ts'
import { AFTERMATH_MS, arrival, ending, lateAfter, VictimModel, type Waiting } from './victims.ts'

export interface Block extends Omit<BlockRow, 'instance' | 'thread' | 'open'> {
  turn: number
  /** On the agent's clock. */
  begin: number
  end: number
  /** What its captures say; the evidence has the last word. */
  culprit: Culprit | undefined
  findings: Findings
  /** The activity that held the loop; 0: none, or not known. */
  by: number
  /** Activities that are its victims. */
  waited: Set<number>
  /** By the route of the victim. */
  harm: Map<string, Harm>
}

export interface BlockOptions {
  thresholdMs: number
  activities: ActivityModel
  /** Unix ms minus the agent's clock. */
  epoch: number
  /** The prefix of ids. */
  instance: string
  /** Whether the frames of a stack are what they will be; until then their block is not counted. */
  isSettled?: (stack: readonly Frame[]) => boolean
}

/** Of the last ones late evidence may still come. */
const RECENT = 300
/** They may come before the block that they are about. */
const MAX_STANDSTILLS = 16
/** None is taken within a block, so the one before it is among the last ones, however long it lasts. */
const MAX_READINGS = 32
/** Captures of turns that turned out short are of no use. */
const MAX_PENDING = 256
/** A block whose source maps take longer is counted as it is. */
const LATEST_MS = 10_000

export class BlockModel {
  readonly callbacks = new CallbackLedger()
  readonly #options: BlockOptions
  /** The newest ones, of all culprits. */
  readonly #blocks: Block[] = []
  readonly #kept = new KeptBlocks<Block>()
  readonly #allowed = new Allowed()
  #startUpMs: number | undefined
  readonly #pending: Capture[] = []
  readonly #totals = new BlockTotals()
  readonly #waiting: VictimModel
  readonly #blame = new BlameModel()
  /** Victims whose route is not known yet. */
  readonly #unnamed = new Map<number, { block: Block; waiting: Waiting }[]>()
  #open: { turn: number; begin: number; seen: number } | undefined
  readonly #standstills: { from: number; to: number }[] = []
  readonly #readings: Reading[] = []
  #nextId = 1
  readonly #counted = new WeakSet<Block>()
  /** Blocks that wait for late evidence (their trace, their collections) before they are passed on. */
  #fresh: Block[] = []

  constructor(options: BlockOptions) {
    this.#options = options
    this.#waiting = new VictimModel(options.activities)
    options.activities.onResume = (happening) => this.#wentAfter(happening)
  }

  capture(capture: Capture): void {
    this.#pending.push(capture)
    this.callbacks.captured(capture)
    if (this.#pending.length > MAX_PENDING) this.#pending.shift()
  }

  /** The watchdog: the loop has been held since `begin`, and still is. Captures say by whom. */
  openBlock(turn: number, begin: number, now: number): void {
    if (this.#open?.turn !== turn) this.#open = { turn, begin, seen: now }
    this.#open.seen = now
  }

  closeOpen(): void {
    this.#open = undefined
  }

  get isOpen(): boolean {
    return this.#nowOpen() !== undefined
  }

  /** The activity that holds the loop now. */
  get running(): number | undefined {
    const open = this.#open
    return open && this.#pending.findLast((capture) => capture.turn === open.turn)?.activity
  }

  #nowOpen(): { turn: number; begin: number; captures: Capture[] } | undefined {
    const open = this.#open
    if (!open) return undefined
    const captures = this.#pending.filter((capture) => capture.turn === open.turn)
    const isGrace = open.seen - open.begin < START_UP_MS && isStartUp(open.turn, captures)
    return isGrace ? undefined : { ...open, captures }
  }

  /** The capture before this, of the same turn, was taken inside allowBlocking(), or so many ms of the turn were. */
  allow(turn: number, why: string, ms: number): void {
    if (ms > 0) return this.#allowed.span(turn, why, ms)
    const capture = this.#pending.findLast((one) => one.turn === turn)
    if (capture) capture.allowed = why
  }

  turn(turn: number, end: number, busyMs: number, idleMs = 0): void {
    if (this.#open && this.#open.turn <= turn) this.#open = undefined
    const captures = this.#take(turn)
    const begin = beginOf({ begin: end - busyMs, idleMs }, captures)
    const block = busyMs < this.#options.thresholdMs ? undefined : this.#describe(turn, begin, begin + busyMs, captures)
    this.#allowed.forget(turn)
    if (!block || (block.startup && busyMs < START_UP_MS)) return this.#waiting.forgetDue()
    const before = this.#blocks.at(-1)
    const isAfter = before && begin - before.end <= AFTERMATH_MS
    if (isAfter) for (const happening of this.#waiting.from(begin)) this.#late(before, happening)
    const readyShare = block.end < end ? 0 : readyShareOf(captures, idleMs)
    for (const waiting of this.#waiting.ofTurn(block, block.by, readyShare)) this.#wait(block, waiting)
    this.#options.activities.routeByName(culpritRoute(block) ?? '')?.held.add(block.end, block.end - block.begin)
    this.#blocks.push(block)
    this.#options.activities.tellUntil = block.end + AFTERMATH_MS
    this.#fresh.push(block)
    for (const { from, to } of this.#standstills) this.#suspend(block, from, to)
    this.#account(block)
    if (this.#blocks.length > RECENT) this.#blocks.shift()
  }

  /** A request arrives; right after a block it had been waiting for it. */
  arrived(activity: number, at: number): void {
    if (at <= this.#options.activities.tellUntil) this.#wentAfter(arrival(activity, at))
  }

  /** An activity, which is alive still, ends; where it waited on nothing known it may have waited for the loop. */
  ending(id: number, at: number): void {
    const { activities } = this.#options
    if (at <= activities.tellUntil) {
      const activity = activities.live.get(id)
      if (activity && !activity.waits) this.#wentAfter(ending(activity, at))
    }
    this.named(id)
  }

  /** A timer of an activity is pending at the end of the turn whose event comes next. */
  due(activity: number, at: number): void {
    this.#waiting.due(activity, at)
  }

  /** The route of an activity is known, or will not be any more. */
  named(id: number): void {
    if (this.#unnamed.size === 0) return
    const known = this.#unnamed.get(id)
    if (!known) return
    this.#unnamed.delete(id)
    const route = this.#options.activities.find(id)?.name ?? ''
    for (const { block, waiting } of known) this.#addVictim(block, route, waiting)
  }

  /** Events were lost: what is awaited may never come. */
  forgetUnnamed(): void {
    this.#unnamed.clear()
  }

  #wentAfter(happening: Happening): void {
    const block = this.#blocks.at(-1)
    if (block && happening.at >= block.end) this.#late(block, happening)
  }

  #late(block: Block, happening: Happening): void {
    const { activity, since } = happening
    if (since >= block.end || activity === block.by || block.waited.has(activity)) return
    const waiting = lateAfter(block, happening)
    if (waiting) this.#wait(block, waiting)
  }

  #wait(block: Block, waiting: Waiting): void {
    const { activities } = this.#options
    const id = waiting.activity
    block.waited.add(id)
    const activity = activities.live.get(id)
    if (activity?.route?.template !== '*') {
      return this.#addVictim(block, (activity ?? activities.find(id))?.name ?? '', waiting)
    }
    const known = this.#unnamed.get(id)
    if (known) known.push({ block, waiting })
    else this.#unnamed.set(id, [{ block, waiting }])
  }

  #addVictim(block: Block, route: string, { time, isExact }: Waiting): void {
    const harm = { count: 1, time, exact: isExact ? time : 0 }
    addHarm(block, route, harm)
    this.#kept.late(block, route, time, harm.exact)
    // A block that is not counted yet charges all its victims then.
    if (isTrouble(block) && this.#counted.has(block)) this.#charge(block, route, harm)
  }

  trace(turn: number, trace: { traceId: string; spanId: string }): void {
    const block = this.#blocks.findLast((one) => one.turn === turn)
    if (!block || block.trace) return
    block.trace = trace
  }

  /** A garbage collection: part of the block in which it fell. */
  gc(end: number, duration: number): void {
    const middle = end - duration / 2
    const block = this.#blocks.findLast((one) => middle >= one.begin && middle <= one.end)
    if (!block) return
    const ms = Math.min(end, block.end) - Math.max(end - duration, block.begin)
    this.#prove(block, { gc: (block.findings.gc ?? 0) + ms })
  }

  /** What the kernel says of the thread, between turns or early in one. */
  reading(reading: Reading): void {
    this.#readings.push(reading)
    if (this.#readings.length > MAX_READINGS) this.#readings.shift()
    for (let i = this.#blocks.length - 1; i >= 0 && !this.#blocks[i]!.findings.account; i--) {
      this.#account(this.#blocks[i]!)
    }
  }

  #account(block: Block): void {
    const account = accountOf(block.begin, block.end, this.#readings, this.#standstills)
    if (account) this.#prove(block, { account })
  }

  /** The whole process stood still. The turn in which it did may not be over yet. */
  suspended(from: number, to: number): void {
    this.#standstills.push({ from, to })
    if (this.#standstills.length > MAX_STANDSTILLS) this.#standstills.shift()
    for (const block of this.#blocks) this.#suspend(block, from, to)
  }

  #suspend(block: Block, from: number, to: number): void {
    const ms = Math.min(to, block.end) - Math.max(from, block.begin)
    if (ms > 0) this.#prove(block, { stoodStill: (block.findings.stoodStill ?? 0) + ms })
  }

  /**
   * The cause is what took most of it. Its code is named when its own part is that, or would have been a block by itself: the
   * rest is never charged to it. A collection has its code too: who made the garbage.
   */
  #prove(block: Block, more: Findings): void {
    Object.assign(block.findings, more)
    const { evidence, cause, own } = prove(block.duration, block.findings, block.culprit?.api)
    block.evidence = { samples: block.evidence.samples, ...evidence }
    const isNamed = cause === undefined || cause === 'gc' || own >= this.#options.thresholdMs
    blame(block, cause ?? block.culprit?.cause ?? 'unknown', isNamed)
  }

  /** Frames have changed: their source map is there now. */
  renew(): void {
    for (const block of this.#fresh) {
      if (!block.startup) block.culprit = findCulprit(block.stack)
      this.#prove(block, {})
    }
  }

  /** Blocks that ended before `now - delay`, each once: all evidence is there, they count from now on. */
  takeFinished(now: number, delay: number, thread: string): BlockRow[] {
    const { isSettled = () => true } = this.#options
    const isReady = ({ end, stack }: Block): boolean => end < now - delay && (isSettled(stack) || end < now - LATEST_MS)
    const ready = this.#fresh.filter(isReady)
    if (ready.length > 0) this.#fresh = this.#fresh.filter((block) => !ready.includes(block))
    for (const block of ready) this.#count(block)
    return ready.map((block) => this.#row(block, thread))
  }

  /** Newest first; an open block comes first of all. */
  rows(now: number, thread: string): BlockRow[] {
    const blocks = [...this.#kept.rows(), ...this.#fresh].sort((a, b) => b.at - a.at)
    const rows = blocks.map((block) => this.#row(block, thread))
    const open = this.openRow(now, thread)
    return open ? [open, ...rows] : rows
  }

  openRow(now: number, thread: string): BlockRow | undefined {
    const open = this.#nowOpen()
    if (!open) return undefined
    const block = this.#describe(open.turn, open.begin, now, open.captures)
    for (const { activity, time } of this.#waiting.ofOpen(block, block.by)) {
      addHarm(block, this.#options.activities.find(activity)?.name ?? '', { count: 1, time, exact: 0 })
    }
    return { ...this.#row({ ...block, id: `${this.#options.instance}:open` }, thread), open: true }
  }

  /** Each culprit in exact numbers, whether its blocks are still kept or not. */
  culpritRows(): CulpritRow[] {
    return this.#kept.culprits(this.#options.instance, this.#fresh)
  }

  /** Who waited because of whom in the last minute. */
  blameRows(now: number, startedAt: number): BlameRow[] {
    return this.#blame.rows(now, this.#options.instance, startedAt)
  }

  /** For how long the loop is held now, by whatever it is; 0 if it is not. */
  heldNow(now: number): number {
    const open = this.#nowOpen()
    return open ? now - open.begin : 0
  }

  /** What was allowed, and the loading of modules at the start, is shown; but it is no trouble. */
  blockedNow(now: number): { since: number; duration: number } | null {
    const open = this.#nowOpen()
    if (!open || !isTrouble(this.#describe(open.turn, open.begin, now, open.captures))) return null
    return { since: open.begin + this.#options.epoch, duration: now - open.begin }
  }

  totals(): Pick<Totals, 'blocks' | 'victims' | 'allowed' | 'startUp'> {
    return {
      allowed: this.#allowed.totals(),
      ...(this.#startUpMs === undefined ? {} : { startUp: this.#startUpMs }),
      ...this.#totals.toRows(),
    }
  }

  #take(turn: number): Capture[] {
    const captures = this.#pending.filter((capture) => capture.turn === turn)
    const later = this.#pending.filter((capture) => capture.turn > turn)
    this.#pending.length = 0
    this.#pending.push(...later)
    return captures
  }

  #describe(turn: number, begin: number, end: number, all: Capture[]): Block {
    const allowed = this.#allowed.reason(turn, end - begin, all, this.#options.thresholdMs)
    // Of a block that is only in part allowed, the rest is to blame.
    const others = allowed === undefined ? all.filter((capture) => capture.allowed === undefined) : all
    const captures = others.length > 0 ? others : all
    const spans = spansOf(all, begin, end)
    const seen = longest(captures, spans)
    const startup = allowed === undefined && isStartUp(turn, captures)
    const culprit = startup ? startUpCulprit(captures) : seen && findCulprit(seen.stack)
    const activity = seen && this.#options.activities.find(seen.activity)
    const block: Block = {
      id: `${this.#options.instance}:${this.#nextId++}`,
      turn,
      begin,
      end,
      at: begin + this.#options.epoch,
      duration: end - begin,
      culprit,
      findings: pausedIn(all, begin, end),
      cause: 'unknown',
      function: null,
      file: null,
      line: null,
      column: null,
      api: null,
      stack: seen?.stack ?? [],
      activity: activity ? this.#activityOf(activity) : null,
      route: routeOf(activity),
      trace: null,
      by: seen?.activity ?? 0,
      waited: new Set(),
      harm: new Map(),
      victims: { count: 0, time: 0, exact: 0, byRoute: {} },
      evidence: { samples: all.length },
      ...(allowed === undefined ? {} : { allowed }),
      ...(startup ? { startup, modules: modulesOf(captures, end - begin) } : {}),
    }
    const callbacks = startup ? undefined : this.#callbacksOf(block, all)
    if (callbacks) block.callbacks = callbacks
    this.#prove(block, {})
    return block
  }

  #callbacksOf({ turn, begin, end }: Block, captures: Capture[]): BlockRow['callbacks'] {
    const { thresholdMs, activities } = this.#options
    const parentOf = (id: number): number => activities.find(id)?.parent ?? 0
    const happened = this.callbacks.happened(turn, begin, end)
    return callbacksOf({ begin, end, captures, thresholdMs, parentOf, happened })
  }

  #activityOf(activity: LiveActivity): NonNullable<BlockRow['activity']> {
    return { kind: activity.kind, name: activity.name, id: `${this.#options.instance}:${activity.id}` }
  }

  #count(block: Block): void {
    this.#kept.add(block)
    this.#counted.add(block)
    if (block.startup) this.#startUpMs = block.duration
    if (block.allowed !== undefined) this.#allowed.count(block.allowed, block.duration)
    if (!isTrouble(block)) return
    this.#totals.count(block)
    for (const [route, harm] of block.harm) this.#charge(block, route, harm)
  }

  /** `route` waited because of the block. */
  #charge(block: Block, route: string, harm: Harm): void {
    const { time } = harm
    const { activities } = this.#options
    activities.routeByName(route)?.blockedFor.add(block.end, time)
    const culprit = culpritRoute(block)
    if (culprit !== null) activities.routeByName(culprit)?.caused.add(block.end, time)
    const { cause, function: fn, file, line } = block
    this.#blame.add(block.end, route, { culprit, cause, function: fn, file, line }, harm)
    this.#totals.charge(route, culprit ?? '', time)
  }

  #row(block: Block, thread: string): BlockRow {
    const {
      turn: _turn,
      begin: _begin,
      end: _end,
      culprit: _culprit,
      by: _by,
      waited: _waited,
      harm: _harm,
      findings: _findings,
      ...row
    } = block
    return { ...row, instance: this.#options.instance, thread }
  }
}

/** Names the cause, and the code. */
function blame(block: Block, cause: Cause, hasCulprit = true): void {
  const culprit = hasCulprit ? block.culprit : undefined
  // Where no capture says more, start-up is the loading of modules all the same.
  const isLoading = block.startup && cause === 'unknown'
  block.cause = isLoading ? 'sync-call' : cause
  block.function = culprit?.frame.function ?? null
  block.file = culprit?.frame.file ?? null
  block.line = culprit?.frame.line ?? null
  block.column = culprit?.frame.column ?? null
  block.api = block.startup ? 'require' : (culprit?.api ?? null)
  block.package = culprit?.package ? { name: culprit.package } : null
}

function addHarm({ harm, victims }: Block, route: string, { count, time, exact }: Harm): void {
  const known = harm.get(route)
  if (known) {
    known.count += count
    known.time += time
    known.exact += exact
  } else harm.set(route, { count, time, exact })
  victims.count += count
  victims.time += time
  victims.exact = (victims.exact ?? 0) + exact
  victims.byRoute[route] = (victims.byRoute[route] ?? 0) + count
}

/** Starvation and suspension are not the fault of the route that happened to run. */
function culpritRoute({ cause, function: fn, route }: Block): string | null {
  return fn === null && (cause === 'cpu-starved' || cause === 'suspended') ? null : route
}

/** Neither allowed by the program nor the loading of its modules. */
function isTrouble({ allowed, startup }: Block): boolean {
  return allowed === undefined && startup === undefined
}
