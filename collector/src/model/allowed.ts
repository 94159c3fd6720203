/**
 * What a program allowed to block (allowBlocking). Its synchronous part is measured, so a turn is judged by what is left
 * of it; of code that goes on after an await only captures can tell, each for its share of the turn.
 */
import type { HistogramData } from '../protocol/rows.ts'
import { Histogram } from './histogram.ts'

interface Span {
  turn: number
  why: string
  ms: number
}

interface Marked {
  allowed?: string
}

/** Spans of turns that turned out short are of no use. */
const MAX_SPANS = 256
const MAX_REASONS = 50

export class Allowed {
  #spans: Span[] = []
  readonly #totals = new Map<string, Histogram>()

  span(turn: number, why: string, ms: number): void {
    this.#spans.push({ turn, why, ms })
    if (this.#spans.length > MAX_SPANS) this.#spans.shift()
  }

  /** Why the turn was allowed to hold the loop for so long, if what was not allowed of it is below the threshold. */
  reason(turn: number, busyMs: number, captures: readonly Marked[], thresholdMs: number): string | undefined {
    const spans = this.#spans.filter((span) => span.turn === turn)
    const marks = captures.flatMap(({ allowed }) => (allowed === undefined ? [] : [allowed]))
    if (spans.length === 0 && marks.length === 0) return undefined
    const measured = spans.reduce((sum, span) => sum + span.ms, 0)
    const seen = marks.length === 0 ? 0 : (busyMs * marks.length) / captures.length
    if (busyMs - Math.max(measured, seen) >= thresholdMs) return undefined
    return mostFrequent(marks) ?? spans.reduce((long, span) => (span.ms > long.ms ? span : long)).why
  }

  forget(turn: number): void {
    this.#spans = this.#spans.filter((span) => span.turn > turn)
  }

  count(why: string, ms: number): void {
    const name = this.#totals.has(why) || this.#totals.size < MAX_REASONS ? why : 'other'
    let histogram = this.#totals.get(name)
    if (!histogram) this.#totals.set(name, (histogram = new Histogram()))
    histogram.record(ms)
  }

  totals(): { why: string; duration: HistogramData }[] {
    return [...this.#totals].map(([why, histogram]) => ({ why, duration: histogram.toData() }))
  }
}

function mostFrequent(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0]
}
