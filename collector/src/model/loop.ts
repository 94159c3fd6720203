/**
 * The loop's own account, from the running totals in the channel: turns, busy and idle time, and the delay.
 *
 * Delay is how long a callback that becomes ready at a random instant waits for the loop. A turn of B busy ms makes
 * whatever arrives in it wait between 0 and B, an arrival while the loop is idle waits 0; so the distribution follows
 * exactly from the turns: of the B ms of such a turn, B - x have a delay over x. One observation stands for one ms of life.
 */
import { CLOCK, TURN_BUCKETS, TURN_MIN_INDEX, type Channel } from '../protocol/channel.ts'
import type { LoopRow, Quantiles } from '../protocol/rows.ts'
import { bucketBorder, bucketIndex, type Histogram } from './histogram.ts'
import { WindowHistogram, WindowSum } from './window.ts'

const CUTS = 20

export class LoopModel {
  readonly #turns = new WindowHistogram()
  readonly #delay = new WindowHistogram()
  readonly #busy = new WindowSum()
  readonly #idle = new WindowSum()
  readonly #parts = { gc: new WindowSum(), starved: new WindowSum() }
  readonly #counts = new Float64Array(TURN_BUCKETS)
  /** Long turns since the last reading: known exactly, so they are taken out of their bucket's mean. */
  #long: number[] = []
  #started = 0
  #knows = { gc: false, starved: false }
  longest = 0

  /** A turn that was recorded as an event. */
  longTurn(busyMs: number): void {
    this.#long.push(busyMs)
    this.longest = Math.max(this.longest, busyMs)
  }

  part(name: 'gc' | 'starved', now: number, ms: number): void {
    this.#knows[name] = true
    this.#parts[name].add(now, ms)
  }

  forgetPart(name: 'gc' | 'starved'): void {
    this.#knows[name] = false
  }

  /** Takes what has come since the last reading. */
  read(channel: Channel, now: number): void {
    const { clock, turns } = channel
    if (this.#started === 0) this.#started = now
    const busy = clock[CLOCK.busy]! - this.#busy.total
    const idle = clock[CLOCK.idle]! - this.#idle.total
    if (busy > 0) this.#busy.add(now, busy)
    if (idle > 0) this.#idle.add(now, idle)
    this.longest = Math.max(this.longest, clock[CLOCK.longest]!)

    const long = this.#long
    this.#long = []
    const longPerBucket = new Map<number, number>()
    for (const ms of long) {
      const place = Math.min(TURN_BUCKETS - 1, bucketIndex(ms) - TURN_MIN_INDEX)
      longPerBucket.set(place, (longPerBucket.get(place) ?? 0) + 1)
      this.#turns.record(now, ms)
      this.#addDelay(now, ms, 1)
    }
    let accounted = long.reduce((sum, ms) => sum + ms, 0)
    for (let i = 0; i < TURN_BUCKETS; i++) {
      const fresh = turns[i]! - this.#counts[i]! - (longPerBucket.get(i) ?? 0)
      this.#counts[i] = turns[i]!
      if (fresh <= 0) continue
      const index = TURN_MIN_INDEX + i
      const typical = Math.sqrt(bucketBorder(index - 1) * bucketBorder(index))
      this.#turns.record(now, typical, fresh)
      this.#addDelay(now, typical, fresh)
      accounted += typical * fresh
    }
    // All the rest of the time nothing would have waited.
    this.#delay.record(now, 0, Math.max(0, busy + idle - accounted))
  }

  /** A turn of `busy` ms, `times` over: its delays are spread evenly over 0 to `busy`. */
  #addDelay(now: number, busy: number, times: number): void {
    if (busy < 0.01) {
      this.#delay.record(now, busy / 2, busy * times)
      return
    }
    // Cut at half octaves, so that powers of two stay exact borders; the last cut reaches down to zero.
    let high = busy
    let half = Math.ceil(Math.log2(busy) * 2) - 1
    for (let cut = 1; cut <= CUTS; cut++) {
      const low = cut === CUTS ? 0 : 2 ** (half-- / 2)
      this.#delay.record(now, (low + high) / 2, (high - low) * times)
      high = low
    }
  }

  delayRecent(now: number): Histogram {
    return this.#delay.recent(now)
  }

  delayTotal(): Histogram {
    return this.#delay.total()
  }

  turnsTotal(): Histogram {
    return this.#turns.total()
  }

  get busyTotal(): number {
    return this.#busy.total
  }

  get idleTotal(): number {
    return this.#idle.total
  }

  busyRecent(now: number): number {
    return this.#busy.recent(now)
  }

  row(now: number, instance: string, thread: string): Omit<LoopRow, 'blockedNow'> {
    const busy = this.#busy.recent(now)
    const idle = this.#idle.recent(now)
    const seconds = Math.max(0.001, (busy + idle) / 1000)
    const turns = this.#turns.recent(now)
    const parts: LoopRow['busy'] = { total: busy / seconds }
    if (this.#knows.gc) parts.gc = this.#parts.gc.recent(now) / seconds
    if (this.#knows.starved) parts.starved = this.#parts.starved.recent(now) / seconds
    return {
      instance,
      thread,
      utilization: busy + idle > 0 ? busy / (busy + idle) : 0,
      delay: quantiles(this.#delay.recent(now), turns.max),
      busy: parts,
      turnsPerSecond: turns.count / seconds,
      longestTurn: turns.max,
    }
  }
}

export function quantiles(histogram: Histogram, max = histogram.max): Quantiles {
  return {
    p50: histogram.quantile(0.5),
    p90: histogram.quantile(0.9),
    p99: histogram.quantile(0.99),
    max,
  }
}
