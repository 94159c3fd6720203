/**
 * All that is known of one instance (a thread of a process). Events and readings go in, with their time; a snapshot comes
 * out. No I/O and no clock, so that a recording gives the same answer every time it is played.
 */
import { CLOCK, CONTROL, type Channel } from '../protocol/channel.ts'
import { CAPTURE, EVENT, MAX_NAMES, PART, START_UP_TURN } from '../protocol/index.ts'
import type { BlockRow, Frame, HookRow, InstanceRow, InstanceSnapshot, Totals } from '../protocol/rows.ts'
import { ActivityModel, routeOf } from './activities.ts'
import { BlockModel, type Block, type Capture } from './blocks.ts'
import { parseFrame, shortFile } from './culprit.ts'
import { HotModel } from './hot.ts'
import { LoopModel } from './loop.ts'
import { PoolModel } from './pools.ts'
import { Histogram } from './histogram.ts'
import { WINDOW_MS } from './window.ts'

export interface Identity {
  id: string
  service: string
  pid: number
  host: string
  thread: string
  node: string
  agent: string
  cwd: string
  /** The agent's own file: its frames are left out of stacks. */
  agentFile: string
  /** Unix ms minus the agent's clock. */
  epoch: number
  startedAt: number
  thresholdMs: number
}

/** What the worker knows beside the events. */
export interface Vitals {
  process: Totals['process']
  agent: { cpu: number; cpuShare: number; memory: number }
  url: string | undefined
}

const NAMES = MAX_NAMES + 1
const GC_KINDS: Record<number, string> = { 1: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' }

export class InstanceModel {
  readonly identity: Identity
  readonly loop = new LoopModel()
  readonly activities = new ActivityModel()
  readonly pools = new PoolModel(this.activities)
  readonly hot = new HotModel()
  readonly blocks: BlockModel
  readonly #name: (id: number) => string
  readonly #hooked: HookRow[] = []
  readonly #frames = new Map<number, Frame>()
  readonly #gc = new Map<string, Histogram>()
  /** Requests that arrived while a block lasted, until their route is known. */
  readonly #delayed = new Map<number, Block>()
  #collecting: { capture: Capture; missing: number } | undefined
  #halfTrace: { turn: number; traceId: string } | undefined
  #dropped = 0
  #events = 0
  #captures = 0
  #captureCost = 0
  #closed = false
  readonly #agentFile: string
  #heap: { heapUsed: number; heapTotal: number } | undefined
  vitals: Vitals | undefined

  constructor(identity: Identity, name: (id: number) => string) {
    this.identity = identity
    this.#name = name
    this.#agentFile = shortFile(identity.agentFile, identity.cwd)
    const { id, thresholdMs, epoch } = identity
    this.blocks = new BlockModel({ thresholdMs, epoch, instance: id, activities: this.activities })
  }

  /** One event of the ring; see EVENT for what the numbers mean. */
  apply(kind: number, id: number, time: number, a: number, b: number): void {
    this.#events++
    const { activities, pools } = this
    switch (kind) {
      case EVENT.begin:
        return this.#begin(id, time, a, b)
      case EVENT.route:
        activities.setRoute(id, this.#name(a))
        return this.#settleVictim(id)
      case EVENT.end:
        this.#settleVictim(id)
        return activities.end(id, time, a, b)
      case EVENT.outlive:
        return this.#outlive(id, time, a, b)
      case EVENT.settle:
        return activities.settle(id, time, a)
      case EVENT.wait:
        return activities.wait(id, a, time, this.#name(b))
      case EVENT.resume:
        return activities.resume(id, time)
      case EVENT.turn:
        if (id !== START_UP_TURN) this.loop.longTurn(a)
        return this.blocks.turn(id, time, a)
      case EVENT.capture:
        return this.#capture(id, time, a, b)
      case EVENT.frames:
        return this.#moreFrames([id, time, a, b])
      case EVENT.trace:
        this.#halfTrace = { turn: id, traceId: hex(time, 12) + hex(a, 12) + hex(b, 8) }
        return
      case EVENT.span:
        if (this.#halfTrace?.turn === id) {
          this.blocks.trace(id, { traceId: this.#halfTrace.traceId, spanId: hex(a, 8) + hex(b, 8) })
        }
        return
      case EVENT.pool:
        return pools.pool(id, this.#name(a), b)
      case EVENT.poolState:
        return pools.state(id, a, b)
      case EVENT.poolAsk:
        return pools.ask(id, time, a, b)
      case EVENT.poolTake:
        return pools.take(id, time)
      case EVENT.poolRelease:
        return pools.release(id, time)
      case EVENT.poolFail:
        return pools.fail(id, time, a === 1)
      case EVENT.poolSite:
        return pools.site(id, this.#site(a))
      case EVENT.gc:
        return this.#collected(time, a, b)
      case EVENT.hooked:
        return this.#seen(this.#name(a))
    }
  }

  /** The running totals of the channel; about once a second, and when somebody asks. */
  read(channel: Channel, now: number): void {
    const busy = this.loop.busyTotal
    this.loop.read(channel, now)
    this.hot.spread(this.loop.busyTotal - busy)
    const heapUsed = channel.clock[CLOCK.heapUsed]!
    if (heapUsed > 0) this.#heap = { heapUsed, heapTotal: channel.clock[CLOCK.heapTotal]! }
    this.#captures = channel.control[CONTROL.captures]!
    this.#captureCost = channel.clock[CLOCK.captureCost]!
    const dropped = channel.control[CONTROL.dropped]!
    if (dropped !== this.#dropped) {
      this.#dropped = dropped
      this.activities.forgetBefore(now)
      this.pools.forgetBefore(now)
      this.#delayed.clear()
    }
  }

  close(): void {
    this.#closed = true
    this.blocks.closeOpen()
  }

  get captureCost(): { captures: number; ms: number } {
    return { captures: this.#captures, ms: this.#captureCost }
  }

  finishedBlocks(now: number, delay: number): BlockRow[] {
    return this.blocks.takeFinished(now, delay, this.identity.thread)
  }

  snapshot(unixNow: number): InstanceSnapshot {
    const { id, thread, epoch } = this.identity
    const now = unixNow - epoch
    const since = now - WINDOW_MS
    this.activities.review(now)
    const busy = this.loop.busyRecent(now)
    const loop = this.loop.row(now, id, thread)
    const syncCall = this.hot.syncCallShare(since)
    if (syncCall !== undefined) {
      loop.busy.syncCall = syncCall * loop.busy.total
      loop.busy.js = Math.max(0, loop.busy.total - loop.busy.syncCall - (loop.busy.gc ?? 0) - (loop.busy.starved ?? 0))
    }
    const { running, isOpen } = this.blocks
    return {
      id,
      now: unixNow,
      instances: [this.#row(unixNow)],
      loop: [{ ...loop, blockedNow: this.blocks.blockedNow(now) }],
      blocks: this.blocks.rows(now, thread),
      hot: this.hot.rows(since, busy, id),
      routes: this.activities.routeRows(now, id, this.hot.byRoute(since, busy)),
      tasks: this.activities.taskRows(now, epoch, id, running, isOpen),
      pools: this.pools.rows(now, id),
      background: this.activities.backgroundRows(now, id),
      totals: this.#totals(),
    }
  }

  #row(unixNow: number): InstanceRow {
    const { thresholdMs: _threshold, epoch: _epoch, agentFile: _file, ...identity } = this.identity
    const { vitals } = this
    return {
      ...identity,
      lastSeen: unixNow,
      status: this.#closed ? 'exited' : this.blocks.isOpen ? 'blocked' : 'live',
      hooked: this.#hooked,
      cost: { cpu: vitals?.agent.cpuShare ?? 0, memory: vitals?.agent.memory ?? 0, dropped: this.#dropped },
      ...(vitals?.url === undefined ? {} : { url: vitals.url }),
    }
  }

  #totals(): Totals {
    const { vitals } = this
    const totals: Totals = {
      busy: this.loop.busyTotal,
      idle: this.loop.idleTotal,
      turns: this.loop.turnsTotal().toData(),
      delay: this.loop.delayTotal().toData(),
      ...this.blocks.totals(),
      ...this.activities.totals(this.hot.onLoopTotals),
      ...this.pools.totals(),
      process: { ...(vitals?.process ?? { cpuUser: 0, cpuSystem: 0, rss: 0, uptime: 0 }), ...this.#heap },
      agent: {
        cpu: vitals?.agent.cpu ?? 0,
        memory: vitals?.agent.memory ?? 0,
        events: this.#events,
        dropped: this.#dropped,
        captures: this.#captures,
        captureCost: this.#captureCost,
      },
    }
    if (this.#gc.size > 0) totals.gc = [...this.#gc].map(([kind, histogram]) => ({ kind, duration: histogram.toData() }))
    return totals
  }

  #begin(id: number, time: number, name: number, code: number): void {
    this.activities.begin(id, time, this.#name(name), code)
    const block = code % 16 === 0 ? this.blocks.justBefore(time) : undefined
    if (block) this.#delayed.set(id, block)
  }

  /** A victim is counted once its route is known, at its end at the latest. */
  #settleVictim(id: number): void {
    if (this.#delayed.size === 0) return
    const block = this.#delayed.get(id)
    if (!block) return
    this.#delayed.delete(id)
    this.blocks.addVictim(block, this.activities.find(id)?.name ?? '')
  }

  #outlive(id: number, time: number, what: number, site: number): void {
    const name = this.#name(what % NAMES)
    const route = this.#name(Math.floor(what / NAMES) % NAMES)
    const kind = Math.floor(what / NAMES / NAMES)
    this.activities.outlive(id, time, { kind, name, route }, site === 0 ? null : this.#site(site))
  }

  #capture(turn: number, at: number, activity: number, code: number): void {
    const capture: Capture = { turn, at, reason: code % 4, activity, stack: [] }
    const missing = Math.floor(code / 4)
    this.#collecting = { capture, missing }
    if (missing === 0) this.#captured(capture)
  }

  #moreFrames(names: number[]): void {
    const collecting = this.#collecting
    if (!collecting) return
    for (const name of names) {
      if (collecting.missing === 0) break
      collecting.missing--
      const frame = this.#frame(name)
      if (frame.file !== this.#agentFile) collecting.capture.stack.push(frame)
    }
    if (collecting.missing === 0) this.#captured(collecting.capture)
  }

  #captured(capture: Capture): void {
    this.#collecting = undefined
    this.blocks.capture(capture)
    if (capture.reason !== CAPTURE.sample) return
    this.hot.add(capture.at, routeOf(this.activities.find(capture.activity)), capture.stack)
  }

  #frame(name: number): Frame {
    let frame = this.#frames.get(name)
    if (!frame) this.#frames.set(name, (frame = parseFrame(this.#name(name), this.identity.cwd)))
    return frame
  }

  #site(name: number): string {
    const { function: fn, file, line } = this.#frame(name)
    return `${fn} ${file}:${line}`
  }

  #collected(end: number, duration: number, kind: number): void {
    const name = GC_KINDS[kind] ?? 'other'
    let histogram = this.#gc.get(name)
    if (!histogram) this.#gc.set(name, (histogram = new Histogram()))
    histogram.record(duration)
    this.loop.part('gc', end, duration)
    this.blocks.gc(end, duration)
  }

  #seen(text: string): void {
    const [module = '', version = '', how = 'none', why = ''] = text.split(PART)
    if (this.#hooked.some((row) => row.module === module && row.version === version)) return
    this.#hooked.push({ module, version, how: how as HookRow['how'], ...(why === '' ? {} : { why }) })
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
