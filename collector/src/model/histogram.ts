/**
 * A base-2 exponential histogram, as OTLP's and Prometheus' native ones: bucket i holds (2^(i/2^scale), 2^((i+1)/2^scale)].
 * With scale 3 a quantile is within 4.5 % of the truth; count, sum, min and max are exact; merging adds buckets and loses
 * nothing. Powers of two are bucket borders, so the classic buckets 1, 2, 4 ... ms come out exact.
 */
import type { HistogramData } from '../protocol/rows.ts'

export const SCALE = 3
const PER_OCTAVE = 2 ** SCALE
/** What is smaller is counted as this (1 us). */
export const MIN_INDEX = -10 * PER_OCTAVE

export function bucketIndex(value: number): number {
  return Math.max(MIN_INDEX, Math.ceil(Math.log2(value) * PER_OCTAVE) - 1)
}

/** The upper border of a bucket. */
export function bucketBorder(index: number): number {
  return 2 ** ((index + 1) / PER_OCTAVE)
}

export class Histogram {
  #counts: number[] = []
  #offset = 0
  zeros = 0
  count = 0
  sum = 0
  min = Infinity
  max = 0

  record(value: number, times = 1): void {
    if (!(times > 0)) return
    this.count += times
    this.sum += value * times
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    if (value > 0) this.addToBucket(bucketIndex(value), times)
    else this.zeros += times
  }

  /** Adds to a bucket alone; for callers that keep count and sum themselves. */
  addToBucket(index: number, times: number): void {
    if (this.#counts.length === 0) this.#offset = index
    while (index < this.#offset) {
      this.#counts.unshift(0)
      this.#offset--
    }
    const place = index - this.#offset
    while (this.#counts.length <= place) this.#counts.push(0)
    this.#counts[place]! += times
  }

  merge(other: Histogram | HistogramData): void {
    const { offset, counts } = other instanceof Histogram ? { offset: other.#offset, counts: other.#counts } : other
    for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) this.addToBucket(offset + i, counts[i]!)
    this.zeros += other.zeros
    this.count += other.count
    this.sum += other.sum
    if (other.count > 0) {
      this.min = Math.min(this.min, other.min)
      this.max = Math.max(this.max, other.max)
    }
  }

  /** The value below which `q` of the observations lie, 0 when there are none. */
  quantile(q: number): number {
    if (this.count === 0) return 0
    const target = q * this.count
    let seen = this.zeros
    if (target <= seen) return 0
    for (let i = 0; i < this.#counts.length; i++) {
      const here = this.#counts[i]!
      if (here > 0 && seen + here >= target) {
        // The middle of the bucket: nowhere in it is further away than half a bucket, which is 4.5 %.
        const value = 2 ** ((this.#offset + i + 0.5) / PER_OCTAVE)
        return Math.min(this.max, Math.max(this.min, value))
      }
      seen += here
    }
    return this.max
  }

  /** How many observations were at most `border` (exact where it is a bucket's border). */
  countUpTo(border: number): number {
    const last = Math.round(Math.log2(border) * PER_OCTAVE) - 1
    let seen = this.zeros
    for (let i = 0; i < this.#counts.length && this.#offset + i <= last; i++) seen += this.#counts[i]!
    return seen
  }

  /** Each bucket that is not empty, with its two borders. */
  *buckets(): Generator<{ low: number; high: number; count: number }> {
    for (let i = 0; i < this.#counts.length; i++) {
      const count = this.#counts[i]!
      if (count > 0) yield { low: bucketBorder(this.#offset + i - 1), high: bucketBorder(this.#offset + i), count }
    }
  }

  toData(): HistogramData {
    return {
      scale: SCALE,
      offset: this.#offset,
      counts: [...this.#counts],
      zeros: this.zeros,
      count: this.count,
      sum: this.sum,
      min: this.count > 0 ? this.min : 0,
      max: this.max,
    }
  }

  static from(data: HistogramData): Histogram {
    const histogram = new Histogram()
    histogram.merge(data)
    return histogram
  }
}

/** The classic buckets of both exporters, in ms: powers of two are exact borders. */
export const CLASSIC_BORDERS_MS = [
  0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768,
]
