/**
 * Timers that outlive their activity. Nothing of a timer is touched: the activity keeps a list of those that its code has
 * set, and whether one is still pending is asked when the activity ends, and from then on now and then.
 *
 * The same list tells, at the end of a turn over the threshold, which timers were due while it lasted: they are pending still,
 * so that by how much each is late is known, for nothing at all while no turn is long.
 *
 * Only timers of the program's own code count (a library's are its housekeeping), and only while they keep the process
 * alive (`unref` says that nobody waits). Whose code it is, a stack tells (3 us): taken once for each route and delay, and
 * not more than SITES_PER_SECOND times a second; what is not known by then does not count.
 */
import { EVENT, PART } from '@loopscope/collector/protocol'
import type { Activities, Activity, Leftover } from './activity.ts'
import type { Recorder } from './recorder.ts'
import { ownSiteName, takeSite } from './site.ts'

const SITES_PER_SECOND = 200
const MAX_KNOWN = 1000
/** A list this long is rid of fired timers: a long activity may set many. */
const PRUNE_AT = 16
/** The list of all activities' timers is rid of fired ones at this length, or twice what is pending; and once in a while. */
const PRUNE_ALL_AT = 64
const PRUNE_EVERY_MS = 1000
/** Told of at the end of one turn. */
const MAX_TOLD = 2000
/** libuv counts whole ms: the least distance of its clock from ours, in so many readings, is the true one. */
const CLOCK_READINGS = 64
const FIRST_READINGS = 8

export interface Clocks {
  /** libuv's clock, as timers have it. */
  loopTime(): number
  /** Sets the only timer of ours, which calls `watched` and keeps nothing alive; gives back when it was set, by libuv's clock. */
  watch(delay: number): number
}

interface Held {
  activity: Activity
  left: Leftover
}

export class Leftovers {
  readonly #recorder: Recorder
  readonly #activities: Activities
  readonly #now: () => number
  /** By route and delay: the name id of the site, 0 for a library's. */
  readonly #known = new Map<number, number>()
  #pending: Held[] = []
  /** Timers of all activities, fired ones among them. */
  #set: Held[] = []
  #pruneSetAt = PRUNE_ALL_AT
  #setPrunedAt = 0
  /** Our clock minus libuv's. */
  #offset = Infinity
  #readings = CLOCK_READINGS
  #sites = SITES_PER_SECOND
  /** What waits for a timer waits on. */
  readonly #timer: number
  #sitesSince = -Infinity
  #sweepAt = 0
  readonly #watch: Clocks['watch']
  /** By libuv's clock: when the timer of ours is due that looks at the pending ones. */
  #watchedAt = Infinity

  constructor(recorder: Recorder, activities: Activities, now: () => number, { loopTime, watch }: Clocks) {
    this.#recorder = recorder
    this.#activities = activities
    this.#now = now
    this.#watch = watch
    this.#timer = recorder.name(`timer${PART}setTimeout`)
    // Several at once, since the system may run something else in the midst of one.
    for (let i = 0; i < FIRST_READINGS; i++) this.#readClock(loopTime())
  }

  /** Finer than libuv's own count. */
  loopTime(): number {
    return this.#now() - this.#offset
  }

  /** `below`: the patched function, so that the site is its caller. */
  add(activity: Activity, timer: Leftover['timer'], delay: unknown, below: (...args: never[]) => unknown): void {
    const key = ((activity.route & 0x3fff) << 16) | (typeof delay === 'number' ? delay & 0xffff : 0)
    const site = this.#known.get(key) ?? this.#learn(key, below)
    if (site === 0) return
    const left = { timer, site }
    if (this.#readings > 0) this.#readClock(timer._idleStart)
    if (this.#set.length >= this.#pruneSetAt) this.#pruneSet()
    this.#set.push({ activity, left })
    if (activity.ended) {
      if (isPending(left)) this.#hold(activity, left)
    } else if (activity.timers === undefined) {
      activity.timers = [left]
    } else {
      if (activity.timers.length >= PRUNE_AT) this.#prune(activity)
      activity.timers.push(left)
    }
  }

  ending(activity: Activity): number {
    const { timers } = activity
    activity.timers = undefined
    let site = 0
    for (const left of timers ?? []) {
      if (!isPending(left)) {
        this.#tellWaited(activity, left)
        continue
      }
      this.#hold(activity, left)
      site ||= left.site
    }
    return site
  }

  /** At each turn; a long list is looked through less often (100 timers a ms). */
  sweep(): void {
    if (this.#pending.length === 0 && this.#set.length === 0) return
    const time = this.#now()
    if (time - this.#setPrunedAt >= PRUNE_EVERY_MS) {
      this.#setPrunedAt = time
      this.#pruneSet()
    }
    if (time < this.#sweepAt || this.#pending.length === 0) return
    this.#sweepAt = time + this.#pending.length / 100
    const pending = this.#pending
    this.#pending = []
    for (const each of pending) {
      if (isPending(each.left)) this.#pending.push(each)
      else this.#activities.release(each.activity)
    }
  }

  /**
   * A timer fires, and the loop rests again before a turn has ended: the work would seem to go on until something else wakes the
   * program. So a timer of ours is due in the same ms as the first that is pending, and runs right after it.
   */
  #watchFor(due: number): void {
    if (!(due < this.#watchedAt)) return
    this.#watchedAt = due
    const delay = delayOf(due - this.loopTime())
    const start = this.#watch(delay)
    if (start + delay !== due && due - start >= 1) this.#watch(delayOf(due - start))
  }

  watched(): void {
    this.#watchedAt = Infinity
    this.sweep()
    let first = Infinity
    for (const { left } of this.#pending) first = Math.min(first, dueOf(left))
    if (first < Infinity) this.#watchFor(Math.max(first, this.loopTime() + this.#pending.length / 100))
  }

  /** A turn over the threshold ends here: what is pending and due by now had to wait for it. The newest first. */
  tellDue(): void {
    let told = 0
    for (let i = this.#set.length - 1; i >= 0 && told < MAX_TOLD; i--) {
      const { activity, left } = this.#set[i]!
      if ((activity.ended && !activity.outlives) || !isPending(left)) continue
      const { _idleStart, _idleTimeout } = left.timer
      const due = _idleStart + _idleTimeout + this.#offset
      if (!Number.isFinite(due)) continue
      this.#recorder.record(EVENT.due, activity.id, this.#now(), due, 0)
      told++
    }
  }

  /** A timer that has fired kept its activity waiting from when it was set until it was due; one that was cleared has -1 there. */
  #tellWaited(activity: Activity, { timer: { _idleStart, _idleTimeout } }: Leftover): void {
    if (!(_idleTimeout > 0)) return
    const from = _idleStart + this.#offset
    this.#recorder.record(EVENT.waited, activity.id, from + _idleTimeout, this.#timer, from)
  }

  #readClock(loopTime: number): void {
    this.#readings--
    const distance = this.#now() - loopTime
    if (distance < this.#offset) this.#offset = distance
  }

  #pruneSet(): void {
    this.#set = this.#set.filter(({ left }) => isPending(left))
    this.#pruneSetAt = Math.max(PRUNE_ALL_AT, this.#set.length * 2)
  }

  #hold(activity: Activity, left: Leftover): void {
    this.#activities.hold(activity, left.site)
    this.#pending.push({ activity, left })
    this.#watchFor(dueOf(left))
  }

  /** All still pending: then the list may double before it is looked through again. */
  #prune(activity: Activity): void {
    const timers = activity.timers!
    if ((timers.length & (timers.length - 1)) !== 0) return
    activity.timers = timers.filter(isPending)
  }

  #learn(key: number, below: (...args: never[]) => unknown): number {
    if (this.#sites === 0) {
      const time = this.#now()
      if (time - this.#sitesSince < 1000) return 0
      this.#sites = SITES_PER_SECOND
      this.#sitesSince = time
    }
    this.#sites--
    const name = ownSiteName(takeSite(below, 1))
    const site = name === '' ? 0 : this.#recorder.name(name)
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(key, site)
    return site
  }
}

function isPending({ timer }: Leftover): boolean {
  return !timer._destroyed && timer.hasRef()
}

/** By libuv's clock. */
function dueOf({ timer }: Leftover): number {
  return Math.ceil(timer._idleStart + timer._idleTimeout)
}

function delayOf(ms: number): number {
  return Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(ms)))
}
