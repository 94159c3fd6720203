/** What a pool's hook tells: who asks for a slot, who holds one, where it was asked for. */
import { CONTROL, EVENT, PART, POOL_IDLE } from '@loopscope/collector/protocol'
import type { Activities, Activity } from './activity.ts'
import type { Recorder } from './recorder.ts'
import { siteName, takeSite, type Site } from './site.ts'

export interface Pool {
  readonly id: number
  /** Name id: kind, system and name. */
  readonly name: number
  /** What the pool last said of itself, in one number each. */
  slots: number
  pending: number
}

/** A pool's own word about itself: slots in use, slots that are there and free, those who wait. */
export interface PoolState {
  used: number
  idle: number
  pending: number
}

/** One use of one slot, from the asking to the giving back. */
export interface Lease {
  readonly id: number
  readonly asked: number
  readonly activity: Activity | undefined
  /** Whether the activity goes on while it has the slot. */
  holds: boolean
  /** Taken at the asking (not of every lease: SITES_PER_SECOND); named only when the lease grows old. */
  site: Site | undefined
  /** The name id of the site, 0 until it is named. */
  named: number
  told: boolean
  /** What the activity waits on while it has the slot, 0 for nothing. */
  operation: number
  /** What it has the slot for, where that can be asked whether somebody reads it: null as long as nobody has begun. */
  answer: { readonly readableFlowing: boolean | null } | undefined
  /** Sweeps that have found it unread. */
  unread: number
}

/** A slot held this long has its site named. */
const NAME_AFTER_MS = 50
/** A stack costs 4 to 9 us, ten times the rest of a lease: so many are taken in a second, more while others wait. */
const SITES_PER_SECOND = 50
const SITES_PER_SECOND_WHILE_PENDING = 300
/** An answer that so many sweeps have found unread (a second) is not waited for: nobody may ever read it. */
const UNREAD_SWEEPS = 10
/** How often holders and pools are looked through. */
const SWEEP_EVERY_MS = 100

export class Pools {
  readonly #recorder: Recorder
  readonly #activities: Activities
  readonly #now: () => number
  readonly #open = new Set<Lease>()
  readonly #states = new Map<Pool, () => PoolState | undefined>()
  #nextId = 1
  #sweptAt = 0
  #dropped = 0
  #sites = 0
  #sitesSince = 0

  constructor(recorder: Recorder, activities: Activities, now: () => number) {
    this.#recorder = recorder
    this.#activities = activities
    this.#now = now
    activities.siteOf = (activity) => this.#siteOf(activity)
  }

  /** `state` is the pool's own word about itself, undefined once it is gone; it heals what lost events left wrong. */
  create(
    kind: 'db' | 'worker' | 'http-client' | 'queue',
    system: string,
    name: string,
    limit: number,
    state: () => PoolState | undefined,
  ): Pool {
    const id = this.#recorder.name(kind + PART + system + PART + name)
    const pool = { id: this.#nextId++, name: id, slots: -1, pending: -1 }
    this.resize(pool, limit)
    this.#states.set(pool, state)
    return pool
  }

  /** For a lease that is kept elsewhere. */
  nextId(): number {
    return this.#nextId++
  }

  /** How many slots it may have; Infinity where nothing limits them. */
  resize(pool: Pool, limit: number): void {
    this.#recorder.record(EVENT.pool, pool.id, this.#now(), pool.name, limit)
  }

  /** `below`: the patched function, so that the site is its caller; `depth`: how far above it the caller may be. */
  ask(pool: Pool, below: (...args: never[]) => unknown, depth?: number): Lease {
    const activity = this.#activities.current()
    const asked = this.#now()
    const site = this.#maySite(pool, asked) ? takeSite(below, depth) : undefined
    const lease: Lease = {
      id: this.#nextId++,
      asked,
      activity,
      holds: activity !== undefined,
      site,
      named: 0,
      told: false,
      operation: 0,
      answer: undefined,
      unread: 0,
    }
    this.#open.add(lease)
    this.#recorder.record(EVENT.poolAsk, lease.id, lease.asked, pool.id, activity?.id ?? 0)
    if (activity) this.#activities.hold(activity)
    return lease
  }

  /** `waitable` (a name id): what the activity waits on from here to the giving back. Returns when it was. */
  take(lease: Lease, waitable = 0): number {
    const taken = this.#now()
    this.#recorder.record(EVENT.poolTake, lease.id, taken, 0, 0)
    if (waitable !== 0 && lease.activity) lease.operation = this.#activities.wait(lease.activity, waitable)
    return taken
  }

  /** `firstByte`: ms from the taking to the head of the answer, 0 where there was none. */
  giveBack(lease: Lease, failed = false, firstByte = 0): void {
    if (!this.#close(lease)) return
    this.#recorder.record(EVENT.poolRelease, lease.id, this.#now(), firstByte, 0)
    this.#letGo(lease, failed)
  }

  /** A new connection stands; it was begun at `since`. */
  connected(pool: Pool, since: number): void {
    const time = this.#now()
    this.#recorder.record(EVENT.poolConnect, pool.id, time, time - since, 0)
  }

  fail(lease: Lease, timedOut: boolean): void {
    if (!this.#close(lease)) return
    this.#recorder.record(EVENT.poolFail, lease.id, this.#now(), timedOut ? 1 : 0, 0)
    this.#letGo(lease, true)
  }

  /** Its activity has nothing to do with the slot any more. */
  #letGo(lease: Lease, failed: boolean): void {
    if (!lease.holds) return
    lease.holds = false
    if (lease.operation !== 0) this.#activities.resume(lease.operation)
    this.#activities.release(lease.activity!, failed)
  }

  /**
   * An answer that nobody reads keeps its connection for ever: Node does not even see the connection's end. The slot stays
   * taken, with the line that asked for it; the activity is not kept by it.
   */
  #lookAtAnswer(lease: Lease): void {
    if (lease.answer!.readableFlowing !== null) lease.answer = undefined
    else if (++lease.unread === UNREAD_SWEEPS) {
      lease.answer = undefined
      this.#letGo(lease, false)
    }
  }

  #close(lease: Lease): boolean {
    return this.#open.delete(lease)
  }

  #maySite(pool: Pool, time: number): boolean {
    if (time - this.#sitesSince >= 1000) {
      this.#sitesSince = time
      this.#sites = 0
    }
    return ++this.#sites <= (pool.pending > 0 ? SITES_PER_SECOND_WHILE_PENDING : SITES_PER_SECOND)
  }

  /** The name id of where a slot was asked for by an activity that is over and holds it. */
  #siteOf(activity: Activity): number {
    for (const lease of this.#open) {
      if (lease.activity !== activity) continue
      this.#nameSite(lease)
      return lease.named
    }
    return 0
  }

  #nameSite(lease: Lease): void {
    if (lease.site === undefined) return
    const name = siteName(lease.site)
    lease.site = undefined
    if (name !== '') lease.named = this.#recorder.name(name)
  }

  /** At a turn, now and then: names the sites of old leases and passes on what the pools say of themselves. */
  sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return
    this.#sweptAt = now
    for (const lease of this.#open) {
      if (now - lease.asked < NAME_AFTER_MS) break // in order of their asking
      if (lease.answer !== undefined) this.#lookAtAnswer(lease)
      if (lease.told) continue
      lease.told = true
      this.#nameSite(lease)
      if (lease.named !== 0) this.#recorder.record(EVENT.poolSite, lease.id, now, lease.named, 0)
    }
    const dropped = this.#recorder.channel.control[CONTROL.dropped]!
    for (const [pool, state] of this.#states) {
      // The reader may have missed what was said before.
      if (dropped !== this.#dropped) pool.slots = -1
      const said = state()
      if (said === undefined) {
        this.#states.delete(pool)
        this.#recorder.record(EVENT.poolState, pool.id, now, -1, -1)
        continue
      }
      const slots = said.used + POOL_IDLE * said.idle
      if (slots === pool.slots && said.pending === pool.pending) continue
      pool.slots = slots
      pool.pending = said.pending
      this.#recorder.record(EVENT.poolState, pool.id, now, slots, said.pending)
    }
    this.#dropped = dropped
  }
}
