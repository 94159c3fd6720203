/**
 * What is shown of queues: one row for all that are made at one line, since a limiter is often made for each request. Its limit is
 * the sum of those that have tasks.
 */
import { EVENT } from '@loopscope/collector/protocol'
import type { Pool, Pools } from './pools.ts'
import type { Recorder } from './recorder.ts'

export interface Row {
  readonly pool: Pool
  used: number
  pending: number
  /** Of those that have tasks: their limits, and how many have none. */
  limits: number
  unlimited: number
  /** As it was told. */
  limit: number
}

const MAX_ROWS = 100
/** What is not told one by one makes the numbers wrong by so much at the most, and by 1.6 % where that is more. */
const UNTOLD = 16

export class QueueRows {
  readonly #recorder: Recorder
  readonly #pools: Pools
  readonly #now: () => number
  readonly #sweep: () => void
  readonly #rows = new Map<string, Row>()

  /** `sweep`: at a turn, now and then, before a row says how it is. */
  constructor(recorder: Recorder, pools: Pools, now: () => number, sweep: () => void) {
    this.#recorder = recorder
    this.#pools = pools
    this.#now = now
    this.#sweep = sweep
  }

  /** `made`: the name of a frame, '' where it is not known. */
  of(system: string, made: string, limit: number): Row {
    const key = system + made
    const known = this.#rows.get(key)
    if (known) return known
    if (this.#rows.size >= MAX_ROWS && made !== '') return this.of(system, '', limit)
    const pool = this.#pools.create('queue', system, 'other', limit, () => {
      this.#sweep()
      this.#tellLimit(row)
      return { used: row.used, idle: 0, pending: row.pending }
    })
    const row: Row = { pool, used: 0, pending: 0, limits: 0, unlimited: 0, limit }
    if (made !== '') this.#recorder.record(EVENT.poolMade, pool.id, this.#now(), this.#recorder.name(made), 0)
    this.#rows.set(key, row)
    return row
  }

  /** A queue of this limit gets its first task. */
  enter(row: Row, limit: number): void {
    if (limit === Infinity) row.unlimited++
    else row.limits += limit
    this.#tellLimit(row)
  }

  /** It has none any more. */
  leave(row: Row, limit: number): void {
    if (limit === Infinity) row.unlimited--
    else row.limits -= limit
  }

  /** What the reader counts is wrong from here to the next state; in a long turn there is none but this. */
  untold({ pool, used, pending }: Row): void {
    if (pool.slots > 0) pool.slots = 0
    if (--pool.slots > -UNTOLD || -pool.slots * 64 < used + pending) return
    pool.slots = used
    pool.pending = pending
    this.#recorder.record(EVENT.poolState, pool.id, this.#now(), used, pending)
  }

  /** While none has tasks, the last limit stands. */
  #tellLimit(row: Row): void {
    const limit = row.unlimited > 0 ? Infinity : row.limits
    if (limit === row.limit || limit === 0) return
    row.limit = limit
    this.#pools.resize(row.pool, limit)
  }
}
