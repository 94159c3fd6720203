/**
 * Everything that this collector knows: the instances of its own process, asked when somebody wants to know, and the
 * frames of other processes, kept until the next one. It reads no clock: time comes in with every call.
 */
import {
  emptyTables,
  TABLES,
  type Elsewhere,
  type HotRow,
  type InstanceSnapshot,
  type TableName,
  type Tables,
} from '../protocol/index.ts'
import { checkSnapshot } from './check-snapshot.ts'
import { layerTime } from './layers.ts'
import type { Profile } from './profile.ts'

export interface Source {
  id: string
  snapshot(now: number): InstanceSnapshot
  /** What the samples since then say; absent where there are none: a snapshot holds the last minute's. */
  hotSince?(since: number): HotRow[]
  /** The same samples with their stacks. */
  profileSince?(since: number): Profile
}

/** Samples are kept where they are taken: other processes send what they say of the last minute, and are asked for more. */
export interface Sampled<T> {
  items: T[]
  elsewhere: Elsewhere[]
}

/** Which rows of the tables somebody wants. */
export interface Selection {
  instance?: string | undefined
  /** Unix ms. Blocks that ended since then, and instances that were seen since then; other tables are of now. */
  since?: number | undefined
  /** At most this many rows of each table, the worst first. */
  limit?: number | undefined
}

export interface CollectorOptions {
  /** A source is not asked again within this time. */
  cacheMs?: number
  /** An instance that sent no frame for this long has exited ... */
  exitedAfterMs?: number
  /** ... and after this long it is forgotten. */
  forgottenAfterMs?: number
  maxInstances?: number
}

interface Cached {
  source: Source
  at: number
  snapshot: InstanceSnapshot | null
}

interface Remote {
  snapshot: InstanceSnapshot
  /** By this collector's clock: the sender's may differ. */
  receivedAt: number
  left: boolean
}

export class Collector {
  readonly #sources = new Map<string, Cached>()
  readonly #remotes = new Map<string, Remote>()
  readonly #cacheMs: number
  readonly #exitedAfterMs: number
  readonly #forgottenAfterMs: number
  readonly #maxInstances: number

  constructor(options: CollectorOptions = {}) {
    this.#cacheMs = options.cacheMs ?? 100
    this.#exitedAfterMs = options.exitedAfterMs ?? 10_000
    this.#forgottenAfterMs = options.forgottenAfterMs ?? 60_000
    this.#maxInstances = options.maxInstances ?? 1000
  }

  /** An instance of this process. Returns what takes it away again. */
  add(source: Source): () => void {
    if (this.#sources.has(source.id))
      throw new Error(`instance ${source.id} is added twice: remove the first one before`)
    const cached: Cached = { source, at: -Infinity, snapshot: null }
    this.#sources.set(source.id, cached)
    this.#remotes.delete(source.id)
    return () => {
      if (this.#sources.get(source.id) === cached) this.#sources.delete(source.id)
    }
  }

  /** A frame of another process, not checked before. Returns what is wrong with it, or the snapshot. */
  accept(frame: unknown, now: number): InstanceSnapshot | { error: string } {
    const snapshot = checkSnapshot(frame)
    if ('error' in snapshot) return snapshot
    if (this.#sources.has(snapshot.id)) return { error: `instance ${snapshot.id} is one of the collector's own` }
    this.#forget(now)
    if (!this.#remotes.has(snapshot.id) && this.#remotes.size >= this.#maxInstances) {
      return { error: `the collector holds ${this.#maxInstances} instances and takes no more` }
    }
    this.#remotes.set(snapshot.id, { snapshot, receivedAt: now, left: false })
    return snapshot
  }

  /** The connection that sent this instance's frames was closed. */
  left(id: string): void {
    const remote = this.#remotes.get(id)
    if (remote) remote.left = true
  }

  snapshots(now: number): InstanceSnapshot[] {
    this.#forget(now)
    const result: InstanceSnapshot[] = []
    for (const cached of this.#sources.values()) result.push(this.#ask(cached, now))
    for (const { snapshot, receivedAt, left } of this.#remotes.values()) {
      result.push(left || now - receivedAt >= this.#exitedAfterMs ? afterExit(snapshot) : snapshot)
    }
    return result
  }

  tables(now: number, selection: Selection = {}): Tables {
    const tables = emptyTables() as Record<TableName, unknown[]>
    for (const snapshot of this.snapshots(now)) {
      if (selection.instance !== undefined && snapshot.id !== selection.instance) continue
      for (const name of TABLES) tables[name].push(...snapshot[name])
    }
    return select(tables as unknown as Tables, selection)
  }

  hotSince(now: number, since: number, instance?: string): Sampled<HotRow> {
    return this.#sampled(now, instance, (source) => source.hotSince?.(since) ?? [])
  }

  /** One for each instance that has samples. */
  profilesSince(now: number, since: number, instance?: string): Sampled<Profile> {
    return this.#sampled(now, instance, (source) => {
      const profile = source.profileSince?.(since)
      return profile && profile.samples > 0 ? [profile] : []
    })
  }

  #sampled<T>(now: number, instance: string | undefined, ask: (source: Source) => T[]): Sampled<T> {
    this.#forget(now)
    const isAsked = (id: string) => instance === undefined || id === instance
    const items: T[] = []
    for (const cached of this.#sources.values()) {
      if (!isAsked(cached.source.id)) continue
      this.#ask(cached, now) // it takes in what has come since the last look
      items.push(...ask(cached.source))
    }
    const elsewhere: Elsewhere[] = []
    for (const [id, { snapshot }] of this.#remotes) {
      const row = snapshot.instances[0]
      if (!row || !isAsked(id)) continue
      const { service, pid, host, url } = row
      elsewhere.push({ instance: id, service, pid, host, ...(url === undefined ? {} : { url }) })
    }
    return { items, elsewhere }
  }

  #ask(cached: Cached, now: number): InstanceSnapshot {
    const age = now - cached.at
    // A clock that was set back (a negative age) must not freeze the answer.
    if (cached.snapshot === null || age < 0 || age >= this.#cacheMs) {
      cached.snapshot = cached.source.snapshot(now)
      cached.at = now
    }
    return cached.snapshot
  }

  #forget(now: number): void {
    for (const [id, { receivedAt }] of this.#remotes) {
      if (now - receivedAt >= this.#forgottenAfterMs) this.#remotes.delete(id)
    }
  }
}

/** What is over is history (blocks, what was hot, how routes did); nothing of it runs, waits or blocks any more. */
function afterExit(snapshot: InstanceSnapshot): InstanceSnapshot {
  return {
    ...snapshot,
    instances: snapshot.instances.map((row) => ({ ...row, status: 'exited' as const })),
    loop: [],
    tasks: [],
    pools: [],
    background: [],
    websockets: [],
    streams: [],
    blocks: snapshot.blocks.map(({ open: _open, ...block }) => block),
    routes: snapshot.routes.map((row) => ({ ...row, inFlight: 0, rate: 0 })),
  }
}

/** The order of each table's rows: what a person should see first comes first, and is what a limit leaves. */
const WORST_FIRST: { [T in TableName]: (a: Tables[T][number], b: Tables[T][number]) => number } = {
  instances: (a, b) => a.startedAt - b.startedAt,
  loop: (a, b) => (b.blockedNow?.duration ?? 0) - (a.blockedNow?.duration ?? 0) || b.utilization - a.utilization,
  blocks: (a, b) => Number(b.open ?? false) - Number(a.open ?? false) || b.at - a.at,
  hot: (a, b) => b.time - a.time,
  routes: (a, b) => b.rate - a.rate || b.count - a.count,
  tasks: (a, b) => b.age - a.age,
  pools: (a, b) => (b.pending ?? 0) - (a.pending ?? 0) || (b.probeAge ?? 0) - (a.probeAge ?? 0),
  background: (a, b) => b.running - a.running || b.oldest - a.oldest,
  streams: (a, b) => b.active - a.active || b.stalledTime - a.stalledTime,
  // By harm, not by length: what nobody waited for comes after what somebody did.
  culprits: (a, b) => b.victims.time - a.victims.time || b.total - a.total,
  blame: (a, b) => b.time - a.time,
  websockets: (a, b) => b.slow - a.slow || b.rateIn + b.rateOut - a.rateIn - a.rateOut || b.connections - a.connections,
  layers: (a, b) => layerTime(b) - layerTime(a),
}

function select(tables: Tables, { since, limit }: Selection): Tables {
  const selected: Tables = { ...tables }
  if (since !== undefined) {
    selected.blocks = tables.blocks.filter((block) => block.open || block.at + block.duration >= since)
    selected.instances = tables.instances.filter((row) => row.lastSeen >= since)
  }
  const rows = selected as unknown as Record<TableName, unknown[]>
  for (const name of TABLES) {
    rows[name].sort(WORST_FIRST[name] as (a: unknown, b: unknown) => number)
    if (limit !== undefined) rows[name].length = Math.min(rows[name].length, limit)
  }
  return selected
}
