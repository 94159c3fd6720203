/**
 * All that is known of one instance (a thread of a process). Events and readings go in, with their time; a snapshot comes
 * out. No I/O and no clock, so that a recording gives the same answer every time it is played.
 */
import { CLOCK, CONTROL, type Channel } from '../protocol/channel.ts'
import {
  ACTIVITY_KINDS,
  CAPTURE,
  EVENT,
  LAYER,
  MAX_NAMES,
  PART,
  START_UP_TURN,
  type LayerKind,
} from '../protocol/index.ts'
import type { BlockRow, Frame, HookRow, HotRow, InstanceRow, InstanceSnapshot, Totals } from '../protocol/rows.ts'
import { ActivityModel, routeOf } from './activities.ts'
import { BlockModel } from './blocks.ts'
import { Captures, type Capture, type ResolveFrame } from './captures.ts'
import { packageFolder, packageOf } from './frame.ts'
import { HotModel } from './hot.ts'
import { hotRows, onLoopByRoute, syncCallShare } from './hot-rows.ts'
import { LayerModel } from './layers.ts'
import { LoopModel } from './loop.ts'
import { PoolModel } from './pools.ts'
import { profileOf, type Profile } from './profile.ts'
import { Histogram } from './histogram.ts'
import { StreamModel } from './streams.ts'
import { WebsocketModel } from './websockets.ts'
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

/** Of the package in a folder (a relative one is in the working directory), once it is known. */
export type PackageVersion = (folder: string) => string | undefined

const NAMES = MAX_NAMES + 1
const REQUEST = ACTIVITY_KINDS.indexOf('request')
const MESSAGE = ACTIVITY_KINDS.indexOf('ws')
/** Of the last minute's, in a snapshot; who asks for a window gets all. */
const MAX_HOT_ROWS = 100
/** A full ring is drained by then: what began before the loss may still come out of it, and its end may have been lost. */
const LOST_MS = 10_000
const GC_KINDS: Record<number, string> = { 1: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' }

export class InstanceModel {
  readonly identity: Identity
  readonly loop = new LoopModel()
  readonly activities = new ActivityModel()
  readonly pools = new PoolModel(this.activities)
  readonly websockets = new WebsocketModel()
  readonly streams = new StreamModel(this.activities)
  readonly hot = new HotModel()
  readonly layers = new LayerModel()
  readonly blocks: BlockModel
  readonly #name: (id: number) => string
  readonly #hooked: HookRow[] = []
  readonly #incoming: Captures
  readonly #packageVersion: PackageVersion | undefined
  readonly #gc = new Map<string, Histogram>()
  #halfTrace: { turn: number; traceId: string } | undefined
  #dropped = 0
  /** When events were last found to be lost. */
  #lostAt = -Infinity
  #events = 0
  #captures = 0
  #captureCost = 0
  #closed = false
  #heap: { heapUsed: number; heapTotal: number } | undefined
  vitals: Vitals | undefined
  /** What the process before this one was in when it was killed; told by whoever starts this one. */
  inherited: BlockRow[] = []

  /** `resolve` brings frames to the author's files, where source maps tell. */
  constructor(
    identity: Identity,
    name: (id: number) => string,
    resolve?: ResolveFrame,
    packageVersion?: PackageVersion,
  ) {
    this.#packageVersion = packageVersion
    this.identity = identity
    this.#name = name
    const { id, thresholdMs, epoch, cwd, agentFile } = identity
    const changed = (): void => this.blocks.renew()
    this.#incoming = new Captures({ name, cwd, agentFile, changed, ...(resolve ? { resolve } : {}) })
    const isSettled = (stack: readonly Frame[]): boolean => this.#incoming.isSettled(stack)
    this.activities.onMessage = (message, now, duration) => this.websockets.handled(message, now, duration)
    this.blocks = new BlockModel({ thresholdMs, epoch, instance: id, activities: this.activities, isSettled })
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
        return this.blocks.named(id)
      case EVENT.end:
        this.blocks.callbacks.activity(time, id)
        if (!this.streams.ending(id, time, a)) this.blocks.ending(id, time)
        return activities.end(id, time, a, b)
      case EVENT.outlive:
        return this.#outlive(id, time, a, b)
      case EVENT.settle:
        return activities.settle(id, time, a)
      case EVENT.wait:
        return activities.wait(id, a, time, this.#name(b))
      case EVENT.resume:
        this.blocks.callbacks.resumed(time)
        return activities.resume(id, time)
      case EVENT.waited:
        return activities.hasWaited(id, this.#name(a), b, time)
      case EVENT.due:
        return this.blocks.due(id, a)
      case EVENT.turn:
        if (id !== START_UP_TURN) this.loop.longTurn(a)
        return this.blocks.turn(id, time, a, b)
      case EVENT.capture:
        return this.#captured(this.#incoming.begin(id, time, a, b))
      case EVENT.frames:
        return this.#captured(this.#incoming.more([id, time, a, b]))
      case EVENT.trace:
        this.#halfTrace = { turn: id, traceId: hex(time, 12) + hex(a, 12) + hex(b, 8) }
        return
      case EVENT.span:
        if (this.#halfTrace?.turn === id) {
          this.blocks.trace(id, { traceId: this.#halfTrace.traceId, spanId: hex(a, 8) + hex(b, 8) })
        }
        return
      case EVENT.allowed:
        return this.blocks.allow(id, this.#name(a), b)
      case EVENT.callback:
        return this.blocks.callbacks.callback(id, time, a, b)
      case EVENT.callbackOver:
        return this.blocks.callbacks.over(id, time, a)
      case EVENT.turnEvents:
        return this.blocks.callbacks.events(id, a)
      case EVENT.pool:
        return pools.pool(id, this.#name(a), b)
      case EVENT.poolState:
        return pools.state(id, a, b)
      case EVENT.poolAsk:
        return pools.ask(id, time, a, b)
      case EVENT.poolTake:
        return pools.take(id, time, a)
      case EVENT.poolRelease:
        return pools.release(id, time, a)
      case EVENT.poolFail:
        return pools.fail(id, time, a === 1)
      case EVENT.poolSite:
        return pools.site(id, this.#site(a))
      case EVENT.poolConnect:
        return pools.connected(id, time, a)
      case EVENT.stream:
        return this.streams.begin(id, time, a, b)
      case EVENT.streamSent:
        return this.streams.sent(id, time, a, b)
      case EVENT.streamBuffered:
        return this.streams.buffered(id, time, a)
      case EVENT.streamStalls:
        return this.streams.stalls(id, time, a, b)
      case EVENT.streamIgnored:
        return this.streams.ignored(id, time, a, b === 0 ? null : this.#site(b))
      case EVENT.poolMade:
        return pools.made(id, this.#incoming.frame(a))
      case EVENT.renewal:
        return pools.tally(id)?.renewed(time, a)
      case EVENT.stalled:
        return pools.tally(id)?.stalled(time, a)
      case EVENT.retry:
        return activities.retry(id, time)
      case EVENT.unhandled:
        return activities.unhandled(time, this.#ended(a))
      case EVENT.sockets:
        return this.websockets.connections(this.#name(id), time, a, b)
      case EVENT.socketsSince:
        return this.websockets.since(this.#name(id), time, a, b)
      case EVENT.socketsIn:
        return this.websockets.incoming(this.#name(id), time, a, b)
      case EVENT.socketsOut:
        return this.websockets.outgoing(this.#name(id), time, a, b)
      case EVENT.socketsBuffered:
        return this.websockets.buffered(this.#name(id), time, a, b)
      case EVENT.layered:
        return this.layers.measured(time, routeOf(activities.find(id)))
      case EVENT.layer:
        return this.#layer(time, a, b)
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
    const open = this.blocks.heldNow(now)
    this.hot.read(channel.clock[CLOCK.lastTurn]!, this.loop.busyTotal - busy, open)
    const heapUsed = channel.clock[CLOCK.heapUsed]!
    if (heapUsed > 0) this.#heap = { heapUsed, heapTotal: channel.clock[CLOCK.heapTotal]! }
    this.#captures = channel.control[CONTROL.captures]!
    this.#captureCost = channel.clock[CLOCK.captureCost]!
    const dropped = channel.control[CONTROL.dropped]!
    if (dropped !== this.#dropped) {
      this.#dropped = dropped
      this.#lostAt = now
      this.blocks.forgetUnnamed()
    }
    if (now - this.#lostAt > LOST_MS) return
    this.activities.forgetBefore(this.#lostAt)
    this.pools.forgetBefore(this.#lostAt)
    this.streams.forgetUnheard(this.#lostAt, now)
  }

  close(): void {
    this.#closed = true
    this.blocks.closeOpen()
  }

  get captureCost(): { captures: number; ms: number } {
    return { captures: this.#captures, ms: this.#captureCost }
  }

  finishedBlocks(now: number, delay: number): BlockRow[] {
    return this.blocks.takeFinished(now, delay, this.identity.thread).map(this.#withVersion)
  }

  snapshot(unixNow: number): InstanceSnapshot {
    const { id, thread, epoch } = this.identity
    const now = unixNow - epoch
    this.activities.review(now)
    const loop = this.loop.row(now, id, thread)
    const hot = this.hot.window(now - WINDOW_MS)
    const syncCall = syncCallShare(hot)
    if (syncCall !== undefined) {
      loop.busy.syncCall = syncCall * loop.busy.total
      loop.busy.js = Math.max(0, loop.busy.total - loop.busy.syncCall - (loop.busy.gc ?? 0) - (loop.busy.starved ?? 0))
    }
    const { running, isOpen } = this.blocks
    const blocks = this.blocks.rows(now, thread)
    return {
      id,
      now: unixNow,
      instances: [this.#row(unixNow)],
      loop: [{ ...loop, blockedNow: this.blocks.blockedNow(now) }],
      blocks: [...blocks.map(this.#withVersion), ...this.inherited],
      culprits: this.blocks.culpritRows(),
      blame: this.blocks.blameRows(now, this.identity.startedAt - epoch),
      hot: hotRows(hot, id).slice(0, MAX_HOT_ROWS),
      routes: this.activities.routeRows(now, id, onLoopByRoute(hot)),
      tasks: this.activities.taskRows(now, epoch, id, running, isOpen),
      pools: this.pools.rows(now, id, epoch, blocks),
      background: this.activities.backgroundRows(now, id),
      websockets: this.websockets.rows(now, id),
      layers: this.layers.rows(now, id),
      streams: this.streams.rows(now, id),
      totals: this.#totals(),
    }
  }

  /** What the samples since then say; the snapshot has those of the last minute. */
  hotSince(unixSince: number): HotRow[] {
    return hotRows(this.hot.window(unixSince - this.identity.epoch), this.identity.id)
  }

  /** The samples since then, with their stacks. */
  profileSince(unixSince: number): Profile {
    return profileOf(this.hot.window(unixSince - this.identity.epoch), this.identity)
  }

  #row(unixNow: number): InstanceRow {
    const { thresholdMs: _threshold, epoch: _epoch, agentFile: _file, ...identity } = this.identity
    const { vitals } = this
    return {
      ...identity,
      lastSeen: unixNow,
      status: this.#closed ? 'exited' : this.blocks.blockedNow(unixNow - this.identity.epoch) ? 'blocked' : 'live',
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
      ...this.websockets.totals(),
      ...this.streams.totals(),
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
    if (this.#gc.size > 0)
      totals.gc = [...this.#gc].map(([kind, histogram]) => ({ kind, duration: histogram.toData() }))
    return totals
  }

  #begin(id: number, time: number, name: number, code: number): void {
    const kind = code % 16
    this.activities.begin(id, time, this.#named(name, kind), code)
    this.blocks.callbacks.activity(time, id)
    if (kind === REQUEST || kind === MESSAGE) this.blocks.arrived(id, time)
  }

  #outlive(id: number, time: number, what: number, site: number): void {
    this.activities.outlive(id, time, this.#ended(what), site === 0 ? null : this.#site(site))
  }

  /** See EVENT.outlive. */
  #ended(what: number): { kind: number; name: string; route: string } {
    const kind = Math.floor(what / NAMES / NAMES)
    const route = this.#name(Math.floor(what / NAMES) % NAMES)
    return { kind, name: this.#named(what % NAMES, kind), route }
  }

  #named(name: number, kind: number): string {
    return kind === MESSAGE ? this.websockets.shown(this.#name(name)) : this.#name(name)
  }

  #captured(capture: Capture | undefined): void {
    if (!capture) return
    this.blocks.capture(capture)
    if (capture.reason !== CAPTURE.sample) return
    this.hot.add(capture.at, routeOf(this.activities.find(capture.activity)), capture.stack)
  }

  /** See EVENT.layer. */
  #layer(time: number, what: number, times: number): void {
    const [kind = '', name = ''] = this.#name(what % NAMES).split(PART)
    const site = Math.floor(what / NAMES) % NAMES
    this.layers.call(
      time,
      { kind: kind as LayerKind, name, site: site === 0 ? undefined : this.#incoming.frame(site) },
      {
        flags: Math.floor(what / NAMES / NAMES),
        onLoop: (times % LAYER.units) / 1000,
        wait: Math.floor(times / LAYER.units) / 1000,
      },
    )
  }

  #site(name: number): string {
    const frame = this.#incoming.frame(name)
    return frame ? `${frame.function} ${frame.file}:${frame.line}` : ''
  }

  /** A package whose native was called, not its JavaScript, is in no frame; but it is hooked. */
  readonly #withVersion = (row: BlockRow): BlockRow => {
    const name = row.package?.name
    if (name === undefined) return row
    const file = row.stack.find((frame) => packageOf(frame.file) === name)?.file
    const folder = file && packageFolder(file)
    const version =
      folder === undefined
        ? this.#hooked.find(({ module }) => module === name)?.version
        : this.#packageVersion?.(folder)
    return version ? { ...row, package: { name, version } } : row
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
