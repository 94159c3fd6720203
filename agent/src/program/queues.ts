/**
 * Queues in the program (p-queue, fastq, p-limit): a task is a lease of a pool, from the moment it is queued to its end. Tasks hold
 * the activity that queued them.
 *
 * A program may queue 100,000 tasks in one turn, more than the ring holds: so many are told one by one in each span of time, of
 * the others the queue's own count alone, now and then.
 */
import { EVENT, TAKE } from '@loopscope/collector/protocol'
import type { Activities, Activity } from './activity.ts'
import type { Pools } from './pools.ts'
import { QueueRows, type Row } from './queue-rows.ts'
import type { Recorder } from './recorder.ts'
import { lastName, siteName, takeSite, type Site } from './site.ts'

type Below = (...args: never[]) => unknown

/** One queue. Never refers to the library's own object, which may be collected. */
export interface Queue {
  readonly row: Row
  limit: number
  /** Queued or running. */
  tasks: number
  readonly waiting: Set<Task>
  /** Its tasks do not begin as soon as a slot is free. */
  isTimed: boolean
  /** Whether its end as garbage is waited for. */
  isWatched: boolean
}

export const WAITING = 0
const RUNNING = 1
/** Its slot was taken away (a time-out, an abort), its work goes on. */
const EXPIRED = 2
const OVER = 3

export interface Task {
  readonly queue: Queue
  readonly activity: Activity | undefined
  readonly asked: number
  /** Of its lease; 0: not told. */
  id: number
  state: number
  site: Site | undefined
  /** The name id of the site, 0 until it is named. */
  named: number
  /** When its queue gives up on it, once it runs. */
  timeout: number
  deadline: number
  signal: { readonly aborted: boolean } | undefined
}

/** A framework's own queues, by which it starts and ends: of no interest, and one of them waits all the time. */
const FRAMEWORKS = /[\\/]node_modules[\\/]avvio[\\/]/
/** Lines where queues are made: a stack of one frame costs 1 us, its name 10. */
const MADE_PER_SECOND = 200
/** Lines where tasks are queued. */
const SITES_PER_SECOND = 50
/** Three events each. */
const TOLD_PER_SPAN = 2000
const SPAN_MS = 100
/** Told and not over: their other events are still to come, maybe all at once. */
const MAX_OPEN = 5000
/** Tasks whose line is named once they have run for so long. */
const MAX_RUNNING = 500
const NAME_AFTER_MS = 50

export class Queues {
  readonly #recorder: Recorder
  readonly #activities: Activities
  readonly #pools: Pools
  readonly #now: () => number
  readonly #rows: QueueRows
  readonly #running = new Set<Task>()
  /** With a time-out or a signal. */
  readonly #watched = new Set<Task>()
  readonly #collected = new FinalizationRegistry<Queue>((queue) => this.drop(queue))
  #spanSince = -Infinity
  #told = 0
  #open = 0
  #secondSince = -Infinity
  #made = 0
  #sites = 0
  #sweptAt = -Infinity

  constructor(recorder: Recorder, activities: Activities, pools: Pools, now: () => number) {
    this.#recorder = recorder
    this.#activities = activities
    this.#pools = pools
    this.#now = now
    this.#rows = new QueueRows(recorder, pools, now, () => this.#sweep())
    const { siteOf } = activities
    activities.siteOf = (activity) => this.#siteOf(activity) || (siteOf?.(activity) ?? 0)
  }

  /**
   * `below` and `depth`: the patched function, and how far above it the line is that makes the queue. Undefined for one that
   * is not to be observed.
   */
  create(system: string, limit: number, below: Below, depth = 1): Queue | undefined {
    const made = this.#mayName() ? lastName(takeSite(below, depth)) : ''
    if (FRAMEWORKS.test(made)) return undefined
    const row = this.#rows.of(system, made, limit)
    return { row, limit, tasks: 0, waiting: new Set(), isTimed: false, isWatched: false }
  }

  resize(queue: Queue, limit: number): void {
    if (queue.limit === limit) return
    if (queue.tasks > 0) {
      this.#rows.leave(queue.row, queue.limit)
      queue.limit = limit
      this.#rows.enter(queue.row, queue.limit)
    } else queue.limit = limit
  }

  /** A task of the current activity, before the library knows of it. */
  ask(queue: Queue, below: Below): Task {
    const activity = this.#activities.current()
    const asked = this.#now()
    const site = this.#maySite(asked) ? takeSite(below) : undefined
    const task: Task = {
      queue,
      activity,
      asked,
      id: 0,
      state: WAITING,
      site,
      named: 0,
      timeout: 0,
      deadline: Infinity,
      signal: undefined,
    }
    if (queue.tasks++ === 0) this.#rows.enter(queue.row, queue.limit)
    queue.row.pending++
    if (activity !== undefined) {
      if (site !== undefined) activity.queued = task
      this.#activities.hold(activity)
    }
    return task
  }

  /** It was not begun at once. `owner`: the library's queue, whose tasks are gone with it. */
  put(task: Task, owner: WeakKey): void {
    if (task.state !== WAITING) return
    const { queue } = task
    if (!queue.isWatched) {
      queue.isWatched = true
      this.#collected.register(owner, queue)
    }
    queue.waiting.add(task)
    if (task.signal) this.#watched.add(task)
    if (!this.#tell(task)) this.#rows.untold(queue.row)
  }

  take(task: Task): void {
    if (task.state !== WAITING) return
    task.state = RUNNING
    const { queue } = task
    const { row } = queue
    const waited = queue.waiting.delete(task)
    row.pending--
    row.used++
    const now = waited || task.timeout > 0 ? this.#now() : task.asked
    if (task.timeout > 0 || task.signal) {
      task.deadline = task.timeout > 0 ? now + task.timeout : Infinity
      this.#watched.add(task)
    }
    if (task.id === 0) {
      const isTold = this.#tell(task)
      if (!isTold || waited) this.#rows.untold(row)
      if (!isTold) return
    }
    if (task.site && this.#running.size < MAX_RUNNING) this.#running.add(task)
    this.#recorder.record(EVENT.poolTake, task.id, now, queue.isTimed ? TAKE.readyUnknown : 0, 0)
  }

  end(task: Task, failed: boolean): void {
    const { state, activity, queue } = task
    if (state === OVER) return
    this.#giveBack(task)
    task.state = OVER
    if (--queue.tasks === 0) this.#rows.leave(queue.row, queue.limit)
    if (activity === undefined) return
    if (activity.queued === task) activity.queued = undefined
    this.#activities.release(activity, failed)
  }

  /** The waiting ones will not be begun. */
  drop(queue: Queue): void {
    for (const task of queue.waiting) this.end(task, true)
  }

  #giveBack(task: Task): void {
    const { state, queue } = task
    const { row } = queue
    if (state === EXPIRED) return
    if (state === WAITING) {
      row.pending--
      queue.waiting.delete(task)
    } else {
      row.used--
      this.#running.delete(task)
    }
    if (task.signal || task.timeout > 0) this.#watched.delete(task)
    if (task.id === 0) this.#rows.untold(row)
    else {
      this.#open--
      this.#recorder.record(state === WAITING ? EVENT.poolFail : EVENT.poolRelease, task.id, this.#now(), 0, 0)
    }
  }

  #tell(task: Task): boolean {
    const { asked } = task
    if (asked - this.#spanSince >= SPAN_MS) {
      this.#spanSince = asked
      this.#told = 0
    }
    if (this.#told >= TOLD_PER_SPAN || this.#open >= MAX_OPEN || !this.#recorder.hasRoom) return false
    this.#told++
    this.#open++
    task.id = this.#pools.nextId()
    this.#recorder.record(EVENT.poolAsk, task.id, asked, task.queue.row.pool.id, task.activity?.id ?? 0)
    return true
  }

  #sweep(): void {
    const now = this.#now()
    if (now - this.#sweptAt < 1) return // once for all rows
    this.#sweptAt = now
    for (const task of this.#watched) {
      if (task.signal?.aborted !== true && now < task.deadline) continue
      if (task.state === WAITING) this.end(task, true)
      else {
        this.#giveBack(task)
        task.state = EXPIRED
      }
    }
    for (const task of this.#running) {
      if (now - task.asked < NAME_AFTER_MS) continue
      this.#running.delete(task)
      this.#nameSite(task)
      if (task.named !== 0) this.#recorder.record(EVENT.poolSite, task.id, now, task.named, 0)
    }
  }

  #siteOf(activity: Activity): number {
    const task = activity.queued as Task | undefined
    if (task === undefined) return 0
    this.#nameSite(task)
    return task.named
  }

  #nameSite(task: Task): void {
    if (task.site === undefined) return
    const name = siteName(task.site)
    task.site = undefined
    if (name !== '') task.named = this.#recorder.name(name)
  }

  #mayName(): boolean {
    this.#renew(this.#now())
    return ++this.#made <= MADE_PER_SECOND
  }

  #maySite(time: number): boolean {
    this.#renew(time)
    return ++this.#sites <= SITES_PER_SECOND
  }

  #renew(time: number): void {
    if (time - this.#secondSince < 1000) return
    this.#secondSince = time
    this.#made = 0
    this.#sites = 0
  }
}
