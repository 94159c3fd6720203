/** The last minute, in slots: what is asked for most is how things are now, not since the start. */
import { Histogram } from './histogram.ts'

export const WINDOW_MS = 60_000
const SLOTS = 6
const SLOT_MS = WINDOW_MS / SLOTS

/** A histogram of the last minute that also knows its whole past. */
export class WindowHistogram {
  #past = new Histogram()
  #slots: { until: number; histogram: Histogram }[] = []

  record(now: number, value: number, times = 1): void {
    this.#slot(now).record(value, times)
  }

  /** The last minute. */
  recent(now: number): Histogram {
    this.#forget(now)
    return mergeAll(this.#slots.map((slot) => slot.histogram))
  }

  /** Everything so far. */
  total(): Histogram {
    return mergeAll([this.#past, ...this.#slots.map((slot) => slot.histogram)])
  }

  #slot(now: number): Histogram {
    const last = this.#slots.at(-1)
    if (last && now < last.until) return last.histogram
    this.#forget(now)
    const slot = { until: now + SLOT_MS, histogram: new Histogram() }
    this.#slots.push(slot)
    return slot.histogram
  }

  #forget(now: number): void {
    while (this.#slots.length > 0 && this.#slots[0]!.until <= now - WINDOW_MS + SLOT_MS) {
      this.#past.merge(this.#slots.shift()!.histogram)
    }
  }
}

/** A sum over the last minute, with its total. */
export class WindowSum {
  total = 0
  #slots: { until: number; sum: number }[] = []

  add(now: number, value: number): void {
    this.total += value
    const last = this.#slots.at(-1)
    if (last && now < last.until) last.sum += value
    else this.#slots.push({ until: now + SLOT_MS, sum: value })
  }

  recent(now: number): number {
    while (this.#slots.length > 0 && this.#slots[0]!.until <= now - WINDOW_MS + SLOT_MS) this.#slots.shift()
    return this.#slots.reduce((sum, slot) => sum + slot.sum, 0)
  }
}

/** The largest of the last minute. */
export class WindowMax {
  #slots: { until: number; max: number }[] = []

  add(now: number, value: number): void {
    const last = this.#slots.at(-1)
    if (last && now < last.until) last.max = Math.max(last.max, value)
    else this.#slots.push({ until: now + SLOT_MS, max: value })
  }

  recent(now: number): number {
    while (this.#slots.length > 0 && this.#slots[0]!.until <= now - WINDOW_MS + SLOT_MS) this.#slots.shift()
    return this.#slots.reduce((max, slot) => Math.max(max, slot.max), 0)
  }
}

function mergeAll(histograms: Histogram[]): Histogram {
  const merged = new Histogram()
  for (const histogram of histograms) merged.merge(histogram)
  return merged
}
