/**
 * Who holds the loop, all the time: the sampler's captures of the last 15 minutes. A sample falls on a piece of code with
 * the share of busy time that it takes; multiplied by the exact busy time that gives ms, with a statistical error.
 */
import type { Frame, HotRow } from '../protocol/rows.ts'
import { findCulprit } from './culprit.ts'

interface Sample {
  at: number
  route: string | null
  stack: Frame[]
  isSyncCall: boolean
  culprit: Frame
}

const KEEP_MS = 15 * 60_000
/** 20 a second for 15 minutes. */
const MAX_SAMPLES = 18_000
const MAX_ROWS = 100

export class HotModel {
  #samples: Sample[] = []
  /** Routes of the samples since the last reading of the busy time; null where there was none. */
  #fresh: (string | null)[] = []
  #unspread = 0
  /** ms of the loop by route, since the start. */
  readonly onLoopTotals = new Map<string, number>()

  add(at: number, route: string | null, stack: Frame[]): void {
    const culprit = findCulprit(stack)
    if (!culprit) return // the loop was idle by the time the sample was taken
    this.#fresh.push(route)
    this.#samples.push({ at, route, stack, culprit: culprit.frame, isSyncCall: culprit.cause === 'sync-call' })
    if (this.#samples.length > MAX_SAMPLES * 1.1 || this.#samples[0]!.at < at - KEEP_MS * 1.1) {
      const from = Math.max(0, this.#samples.length - MAX_SAMPLES)
      this.#samples = this.#samples.slice(from).filter((sample) => sample.at >= at - KEEP_MS)
    }
  }

  /** Busy time since the last reading, shared out among the samples that fell into it. */
  spread(busy: number): void {
    this.#unspread += busy
    if (this.#fresh.length === 0) return
    const each = this.#unspread / this.#fresh.length
    for (const route of this.#fresh) {
      if (route !== null) this.onLoopTotals.set(route, (this.onLoopTotals.get(route) ?? 0) + each)
    }
    this.#fresh = []
    this.#unspread = 0
  }

  /** The samples since `since`, as rows; `busy` is the loop's busy time in that span. */
  rows(since: number, busy: number, instance: string): HotRow[] {
    const rows = new Map<string, HotRow>()
    const samples = this.#since(since)
    for (const { route, culprit } of samples) {
      const key = [route, culprit.function, culprit.file, culprit.line].join('\0') // one row a line, at its first column
      let row = rows.get(key)
      if (!row) {
        const { function: fn, file, line, column } = culprit
        row = { instance, route, function: fn, file, line, column, samples: 0, share: 0, error: 0, time: 0 }
        rows.set(key, row)
      }
      row.samples++
      if (culprit.column < row.column) row.column = culprit.column
    }
    for (const row of rows.values()) {
      row.share = row.samples / samples.length
      row.error = Math.sqrt((row.share * (1 - row.share)) / samples.length)
      row.time = row.share * busy
    }
    return [...rows.values()].sort((a, b) => b.samples - a.samples).slice(0, MAX_ROWS)
  }

  /** ms of the loop by route, in the span. */
  byRoute(since: number, busy: number): Map<string, number> {
    const samples = this.#since(since)
    const each = samples.length > 0 ? busy / samples.length : 0
    const routes = new Map<string, number>()
    for (const { route } of samples) if (route !== null) routes.set(route, (routes.get(route) ?? 0) + each)
    return routes
  }

  /** What part of the busy time was spent in synchronous calls; undefined while there are too few samples to say. */
  syncCallShare(since: number): number | undefined {
    const samples = this.#since(since)
    if (samples.length < 20) return undefined
    return samples.filter((sample) => sample.isSyncCall).length / samples.length
  }

  #since(since: number): Sample[] {
    let from = this.#samples.length
    while (from > 0 && this.#samples[from - 1]!.at >= since) from--
    return this.#samples.slice(from)
  }
}
