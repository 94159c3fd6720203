/** Of the calls to one host: how long new connections took, and from a connection to the head of the answer. */
import type { Totals, PoolRow } from '../protocol/rows.ts'
import type { Histogram } from './histogram.ts'
import { WindowHistogram } from './window.ts'

export class CallTally {
  readonly #connect = new WindowHistogram()
  readonly #firstByte = new WindowHistogram()

  connected(now: number, ms: number): void {
    this.#connect.record(now, ms)
  }

  answered(now: number, ms: number): void {
    this.#firstByte.record(now, ms)
  }

  /** Left out where there was none in the last minute. */
  row(now: number): Pick<PoolRow, 'connect' | 'firstByte'> {
    const connect = numbers(this.#connect.recent(now))
    const firstByte = numbers(this.#firstByte.recent(now))
    return { ...(connect && { connect }), ...(firstByte && { firstByte }) }
  }

  totals(): Pick<NonNullable<Totals['calls']>[number], 'connect' | 'firstByte'> {
    return { connect: this.#connect.total().toData(), firstByte: this.#firstByte.total().toData() }
  }
}

function numbers(histogram: Histogram): PoolRow['connect'] {
  if (histogram.count === 0) return undefined
  return { p50: histogram.quantile(0.5), p99: histogram.quantile(0.99), max: histogram.max }
}
