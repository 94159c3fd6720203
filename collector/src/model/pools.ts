/** Pools: who holds a slot, who waits for one, and for how long. */
import { PART, POOL_IDLE, TAKE } from '../protocol/events.ts'
import type { BlockRow, Frame, PoolRow, Totals } from '../protocol/rows.ts'
import { waitableOf, type ActivityModel, type Waitable } from './activities.ts'
import { CallTally } from './call-tally.ts'
import type { Histogram } from './histogram.ts'
import { QueueTally } from './queue-tally.ts'
import { threadpoolRow, type ThreadPoolReading } from './threadpool-row.ts'
import { WINDOW_MS, WindowHistogram, WindowSum } from './window.ts'

interface PoolStats {
  kind: PoolRow['kind']
  system: string
  name: string
  limit: number | null
  /** What those who wait for it wait on. */
  waitable: Waitable
  /** The pool's own word; undefined until it has said something. */
  said: { used: number; idle: number; pending: number } | undefined
  /** Of a queue alone. */
  tally: QueueTally | undefined
  /** Of calls to a host alone. */
  calls: CallTally | undefined
  wait: WindowHistogram
  use: WindowHistogram
  timeouts: WindowSum
  /** When a slot was last given back. */
  released: number
}

interface LeaseState {
  pool: PoolStats
  activity: number
  asked: number
  taken: number | undefined
  site: string | null
  /** The activity's name, once it has gone. */
  route: string | null
}

const MAX_HOLDERS = 50

export class PoolModel {
  readonly #pools = new Map<number, PoolStats>()
  readonly #leases = new Map<number, LeaseState>()
  readonly #activities: ActivityModel
  readonly #threadpoolWait = new WindowHistogram()
  threadpool: ThreadPoolReading | undefined

  constructor(activities: ActivityModel) {
    this.#activities = activities
  }

  /** `what`: kind \0 system \0 name. Told again when its limit is another one. */
  pool(id: number, what: string, slots: number): void {
    const limit = Number.isFinite(slots) ? slots : null
    const known = this.#pools.get(id)
    if (known) {
      known.limit = limit
      return
    }
    const [kind = 'db', system = '', name = ''] = what.split(PART)
    const wait = new WindowHistogram()
    const use = new WindowHistogram()
    const timeouts = new WindowSum()
    const isQueue = kind === 'queue'
    const waitable = waitableOf(`${isQueue ? 'queue' : 'pool'}${PART}${system} ${name}`)
    this.#pools.set(id, {
      kind: kind as PoolRow['kind'],
      system,
      name,
      limit,
      waitable,
      said: undefined,
      tally: isQueue ? new QueueTally() : undefined,
      calls: kind === 'http-client' ? new CallTally() : undefined,
      wait,
      use,
      timeouts,
      released: -Infinity,
    })
  }

  /** `slots`: used + POOL_IDLE * idle, or -1 once the pool is gone. */
  state(id: number, slots: number, pending: number): void {
    const pool = this.#pools.get(id)
    if (!pool) return
    if (slots < 0) this.#pools.delete(id)
    else {
      pool.said = { used: slots % POOL_IDLE, idle: Math.floor(slots / POOL_IDLE), pending }
      pool.tally?.said(pool.said.used, pending)
    }
  }

  /** Where a queue was made: its name, as long as source maps change nothing. */
  made(id: number, frame: Frame | undefined): void {
    const pool = this.#pools.get(id)
    if (!pool?.tally || !frame) return
    pool.tally.made = frame
    rename(pool)
  }

  /** Of a queue alone. */
  tally(id: number): QueueTally | undefined {
    return this.#pools.get(id)?.tally
  }

  ask(id: number, now: number, poolId: number, activity: number): void {
    const pool = this.#pools.get(poolId)
    if (!pool) return
    const live = this.#activities.live.get(activity)
    const route = live?.name ?? null
    this.#leases.set(id, { pool, activity, asked: now, taken: undefined, site: null, route })
    pool.tally?.asked(now)
    // Leases are numbered apart from other operations: below zero they do not meet.
    // A job has waited before it began: that is no wait of its own.
    if (live && now >= live.begun) this.#activities.waitOn(-id, activity, now, pool.waitable)
  }

  /** `flags`: TAKE. */
  take(id: number, now: number, flags = 0): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    lease.taken = now
    const { pool, asked } = lease
    pool.tally?.taken(now)
    if ((flags & TAKE.waitUnknown) === 0) pool.wait.record(now, now - asked)
    // Who waited gets a slot that the program's own code gives back: when it did is known. Otherwise a new connection comes.
    const isKnown = (flags & TAKE.readyUnknown) === 0 && pool.released >= asked
    this.#activities.resume(-id, now, isKnown ? pool.released : undefined)
  }

  /** A new connection stands, after `ms`. */
  connected(id: number, now: number, ms: number): void {
    this.#pools.get(id)?.calls?.connected(now, ms)
  }

  /** `firstByte`: ms from the taking to the head of an answer, 0 where there is none. */
  release(id: number, now: number, firstByte = 0): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    this.#leases.delete(id)
    // A connection to another server is given back by its socket, and who waits may wait for a new one.
    if (lease.pool.kind !== 'http-client') lease.pool.released = now
    if (lease.taken !== undefined) lease.pool.use.record(now, now - lease.taken)
    if (firstByte > 0) lease.pool.calls?.answered(now, firstByte)
    lease.pool.tally?.gone(now, lease.taken !== undefined)
  }

  fail(id: number, now: number, timedOut: boolean): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    this.#leases.delete(id)
    lease.pool.wait.record(now, now - lease.asked)
    lease.pool.tally?.gone(now, lease.taken !== undefined)
    if (timedOut) lease.pool.timeouts.add(now, 1)
    this.#activities.resume(-id, now)
  }

  site(id: number, site: string): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    lease.site = site
    const activity = this.#activities.live.get(lease.activity)
    if (activity) activity.site ??= site
  }

  threadpoolWait(now: number, ms: number): void {
    this.#threadpoolWait.record(now, ms)
  }

  /** Events were lost: a lease may have been given back unseen. */
  forgetBefore(time: number): void {
    for (const [id, lease] of this.#leases) if (lease.asked < time) this.#leases.delete(id)
  }

  /** `epoch` and `blocks`: for what a late renewal of locks is blamed on. */
  rows(now: number, instance: string, epoch = 0, blocks: readonly BlockRow[] = []): PoolRow[] {
    const rows: PoolRow[] = []
    if (this.threadpool) {
      rows.push(threadpoolRow(instance, this.threadpool, numbers(this.#threadpoolWait.recent(now))))
    }
    const names = new Set<string>()
    const byPool = Map.groupBy(this.#leases.values(), (lease) => lease.pool)
    for (const pool of this.#pools.values()) {
      const { tally } = pool
      // Limiters of one moment, a framework's own at its start: nobody asks for those.
      if (tally && now - tally.at > WINDOW_MS && tally.isIdle) continue
      if (tally) rename(pool, names)
      const leases = byPool.get(pool) ?? []
      const held = leases.filter((lease) => lease.taken !== undefined)
      const used = tally?.used ?? pool.said?.used ?? held.length
      rows.push({
        instance,
        kind: pool.kind,
        system: pool.system,
        name: pool.name,
        limit: pool.limit,
        used,
        idle: tally ? null : (pool.said?.idle ?? null),
        pending: tally ? tally.pending : (pool.said?.pending ?? leases.length - held.length),
        wait: numbers(pool.wait.recent(now)),
        use: numbers(pool.use.recent(now)),
        timeouts: pool.timeouts.recent(now),
        holders: held
          .map((lease) => ({
            activity: lease.activity === 0 ? null : `${instance}:${lease.activity}`,
            route: this.#activities.live.get(lease.activity)?.name ?? lease.route,
            site: lease.site,
            age: now - lease.taken!,
          }))
          .sort((a, b) => b.age - a.age)
          .slice(0, MAX_HOLDERS),
        ...pool.calls?.row(now),
        ...(tally && pool.system === 'bullmq' ? { jobs: tally.jobs(now, epoch, blocks) } : {}),
      })
    }
    return rows
  }

  totals(): Pick<Totals, 'pools' | 'threadpoolWait' | 'queues' | 'calls'> {
    const queues = [...this.#pools.values()].filter(({ kind }) => kind === 'queue')
    const hosts = [...this.#pools.values()].filter(({ calls }) => calls !== undefined)
    return {
      ...(hosts.length > 0
        ? { calls: hosts.map(({ system, name, calls }) => ({ system, name, ...calls!.totals() })) }
        : {}),
      ...(queues.length > 0 ? { queues: queues.map((pool) => ({ ...durations(pool), ...jobTotals(pool) })) } : {}),
      // Their metrics are those of database connections.
      pools: [...this.#pools.values()]
        .filter(({ kind }) => kind === 'db')
        .map((pool) => ({ ...durations(pool), timeouts: pool.timeouts.total })),
      threadpoolWait: this.#threadpoolWait.total().toData(),
    }
  }
}

/** Source maps may have moved the line that it is called by; the column tells two of one line apart. */
function rename(pool: PoolStats, taken?: Set<string>): void {
  const { made } = pool.tally!
  if (!made) return
  pool.name = `${made.file}:${made.line}`
  if (taken?.has(pool.system + pool.name)) pool.name += `:${made.column}`
  taken?.add(pool.system + pool.name)
  pool.waitable.name = `${pool.system} ${pool.name}`
}

function durations({ system, name, wait, use }: PoolStats) {
  return { system, name, wait: wait.total().toData(), use: use.total().toData() }
}

function jobTotals({ system, tally }: PoolStats) {
  return system === 'bullmq' && tally ? tally.totals : {}
}

function numbers(histogram: Histogram): { p50: number; p99: number; max: number } {
  return { p50: histogram.quantile(0.5), p99: histogram.quantile(0.99), max: histogram.max }
}
