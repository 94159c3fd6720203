/** Pools: who holds a slot, who waits for one, and for how long. */
import { PART, POOL_IDLE } from '../protocol/events.ts'
import type { PoolRow, Totals } from '../protocol/rows.ts'
import type { ActivityModel } from './activities.ts'
import type { Histogram } from './histogram.ts'
import { WindowHistogram, WindowSum } from './window.ts'

interface PoolStats {
  kind: PoolRow['kind']
  system: string
  name: string
  limit: number | null
  /** What those who wait for it wait on. */
  waitable: string
  /** The pool's own word; undefined until it has said something. */
  said: { used: number; idle: number; pending: number } | undefined
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

/** libuv's pool is measured by the probe, not by events. */
export interface ThreadPoolReading {
  size: number
  /** Threads at work, where the system can tell. */
  used: number | undefined
  /** How long the probe that is out now has waited, in ms. */
  probeAge: number
}

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
    const waitable = `pool${PART}${system} ${name}`
    this.#pools.set(id, {
      kind: kind as PoolRow['kind'],
      system,
      name,
      limit,
      waitable,
      said: undefined,
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
    else pool.said = { used: slots % POOL_IDLE, idle: Math.floor(slots / POOL_IDLE), pending }
  }

  ask(id: number, now: number, poolId: number, activity: number): void {
    const pool = this.#pools.get(poolId)
    if (!pool) return
    const route = this.#activities.live.get(activity)?.name ?? null
    this.#leases.set(id, { pool, activity, asked: now, taken: undefined, site: null, route })
    // Leases are numbered apart from other operations: below zero they do not meet.
    if (activity !== 0) this.#activities.wait(-id, activity, now, pool.waitable)
  }

  take(id: number, now: number): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    lease.taken = now
    lease.pool.wait.record(now, now - lease.asked)
    // Who waited gets a slot that the program's own code gives back: when it did is known. Otherwise a new connection comes.
    const { released } = lease.pool
    this.#activities.resume(-id, now, released >= lease.asked ? released : undefined)
  }

  release(id: number, now: number): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    this.#leases.delete(id)
    // A connection to another server is given back by its socket, and who waits may wait for a new one.
    if (lease.pool.kind !== 'http-client') lease.pool.released = now
    if (lease.taken !== undefined) lease.pool.use.record(now, now - lease.taken)
  }

  fail(id: number, now: number, timedOut: boolean): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    this.#leases.delete(id)
    lease.pool.wait.record(now, now - lease.asked)
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

  rows(now: number, instance: string): PoolRow[] {
    const rows: PoolRow[] = []
    if (this.threadpool) rows.push(this.#threadpoolRow(now, instance, this.threadpool))
    for (const pool of this.#pools.values()) {
      const leases = [...this.#leases.values()].filter((lease) => lease.pool === pool)
      const held = leases.filter((lease) => lease.taken !== undefined)
      const used = pool.said?.used ?? held.length
      rows.push({
        instance,
        kind: pool.kind,
        system: pool.system,
        name: pool.name,
        limit: pool.limit,
        used,
        idle: pool.said?.idle ?? null,
        pending: pool.said?.pending ?? leases.length - held.length,
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
      })
    }
    return rows
  }

  #threadpoolRow(now: number, instance: string, reading: ThreadPoolReading): PoolRow {
    const { size, used, probeAge } = reading
    return {
      instance,
      kind: 'libuv',
      system: 'libuv',
      name: 'thread pool',
      limit: size,
      used: used ?? null,
      idle: used === undefined ? null : size - used,
      pending: null, // libuv does not say how many wait; the probe says how long
      wait: numbers(this.#threadpoolWait.recent(now)),
      use: null,
      timeouts: 0,
      holders: [],
      probeAge,
    }
  }

  totals(): Pick<Totals, 'pools' | 'threadpoolWait'> {
    return {
      // Their metrics are those of database connections.
      pools: [...this.#pools.values()]
        .filter(({ kind }) => kind === 'db')
        .map((pool) => ({
          system: pool.system,
          name: pool.name,
          wait: pool.wait.total().toData(),
          use: pool.use.total().toData(),
          timeouts: pool.timeouts.total,
        })),
      threadpoolWait: this.#threadpoolWait.total().toData(),
    }
  }
}

function numbers(histogram: Histogram): { p50: number; p99: number; max: number } {
  return { p50: histogram.quantile(0.5), p99: histogram.quantile(0.99), max: histogram.max }
}
