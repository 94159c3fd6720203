/**
 * The workers of BullMQ in this thread: those of one queue are one pool row, whose limit is the sum of their concurrency. How many
 * jobs wait is known to Redis alone, which is not asked.
 */
import { EVENT, TAKE } from '@loopscope/collector/protocol'
import type { Activity } from '../../program/activity.ts'
import type { Pool } from '../../program/pools.ts'
import type { HookContext } from '../hook.ts'

export interface BullWorker {
  name: string
  concurrency: number
  closing?: unknown
}

export interface BullQueue {
  readonly pool: Pool
  used: number
  limit: number
  workers: WeakRef<BullWorker>[]
  /** Ids of jobs that have lost their lock, as long as they are not worked on again. */
  readonly lost: Set<string>
}

/** `lease`: of its slot; jobs that are tried again do not tell how long they have waited. */
export interface BullLease {
  readonly id: number
  readonly queue: BullQueue
}

const MAX_QUEUES = 100
const MAX_LOST = 1000
const UNKNOWN = -1

const known = new WeakMap<object, BullWorkers>()

export class BullWorkers {
  readonly #context: HookContext
  readonly #queues = new Map<string, BullQueue>()
  readonly #byWorker = new WeakMap<object, BullQueue>()

  /** One for each observed thread. */
  static of(context: HookContext): BullWorkers {
    let workers = known.get(context.pools)
    if (workers === undefined) known.set(context.pools, (workers = new BullWorkers(context)))
    return workers
  }

  constructor(context: HookContext) {
    this.#context = context
  }

  queueOf(worker: BullWorker): BullQueue {
    let queue = this.#byWorker.get(worker)
    if (queue === undefined) {
      queue = this.#named(worker.name, worker.concurrency)
      this.#byWorker.set(worker, queue)
      queue.workers.push(new WeakRef(worker))
      this.#resize(queue)
    }
    return queue
  }

  /** `waited`: ms, undefined where it is not known. */
  take(queue: BullQueue, activity: Activity, waited: number | undefined): BullLease {
    const { recorder, pools, now } = this.#context
    const id = pools.nextId()
    const time = now()
    recorder.record(EVENT.poolAsk, id, time - (waited ?? 0), queue.pool.id, activity.id)
    const flags = waited === undefined ? TAKE.readyUnknown | TAKE.waitUnknown : TAKE.readyUnknown
    recorder.record(EVENT.poolTake, id, time, flags, 0)
    queue.used++
    return { id, queue }
  }

  giveBack({ id, queue }: BullLease): void {
    queue.used--
    this.#context.recorder.record(EVENT.poolRelease, id, this.#context.now(), 0, 0)
  }

  /** Told twice of a job, by the worker that found it and by the one that cannot renew its lock. */
  lost(queue: BullQueue, jobs: readonly unknown[]): void {
    if (queue.lost.size > MAX_LOST) queue.lost.clear()
    const before = queue.lost.size
    for (const job of jobs) queue.lost.add(String(job))
    const count = queue.lost.size - before
    if (count > 0) this.#context.recorder.record(EVENT.stalled, queue.pool.id, this.#context.now(), count, 0)
  }

  renewedLate({ pool }: BullQueue, due: number): void {
    this.#context.recorder.record(EVENT.renewal, pool.id, this.#context.now(), due, 0)
  }

  #named(name: string, limit: number): BullQueue {
    const found = this.#queues.get(name)
    if (found) return found
    if (this.#queues.size >= MAX_QUEUES && name !== 'other') return this.#named('other', limit)
    const { pools, recorder, now } = this.#context
    const pool = pools.create('queue', 'bullmq', name, limit, () => {
      this.#resize(queue)
      return { used: queue.used, idle: 0, pending: UNKNOWN }
    })
    const queue: BullQueue = { pool, used: 0, limit, workers: [], lost: new Set() }
    recorder.record(EVENT.poolState, pool.id, now(), 0, UNKNOWN)
    this.#queues.set(name, queue)
    return queue
  }

  /** While no worker is left, the last limit stands. */
  #resize(queue: BullQueue): void {
    let limit = 0
    let gone = false
    for (const ref of queue.workers) {
      const worker = ref.deref()
      if (worker === undefined || worker.closing) gone = true
      else limit += worker.concurrency
    }
    if (gone) queue.workers = queue.workers.filter((ref) => ref.deref()?.closing === undefined && ref.deref())
    if (limit === 0 || limit === queue.limit) return
    queue.limit = limit
    this.#context.pools.resize(queue.pool, limit)
  }
}
