/** Which route delays which, and by what code: ms that the one waited because of blocks of the other, over the last minute. */
import type { BlameRow } from '../protocol/rows.ts'
import { WINDOW_MS, WindowSum } from './window.ts'

/** Who is to blame: a route, where there is one, and the code. */
export type Blamed = Pick<BlameRow, 'culprit' | 'cause' | 'function' | 'file' | 'line'>

export interface Harm {
  count: number
  /** ms waited, and how much of it is exact. */
  time: number
  exact: number
}

interface Pair extends Blamed {
  route: string
  count: WindowSum
  time: WindowSum
  exact: WindowSum
}

const MAX_PAIRS = 500

export class BlameModel {
  readonly #pairs = new Map<string, Pair>()

  /** `at`: when the block ended. */
  add(at: number, route: string, blamed: Blamed, { count, time, exact }: Harm): void {
    const { culprit, cause, function: fn, file, line } = blamed
    const key = [route, culprit, cause, fn, file, line].join('\0')
    let pair = this.#pairs.get(key)
    if (!pair) {
      if (this.#pairs.size >= MAX_PAIRS) this.#forget(at)
      if (this.#pairs.size >= MAX_PAIRS) return
      const sums = { count: new WindowSum(), time: new WindowSum(), exact: new WindowSum() }
      this.#pairs.set(key, (pair = { route, culprit, cause, function: fn, file, line, ...sums }))
    }
    pair.count.add(at, count)
    pair.time.add(at, time)
    pair.exact.add(at, exact)
  }

  /** The worst first. `startedAt`: of a program that is younger than a minute, what there is of it. */
  rows(now: number, instance: string, startedAt: number): BlameRow[] {
    this.#forget(now)
    const minutes = Math.max(1000, Math.min(WINDOW_MS, now - startedAt)) / WINDOW_MS
    const rows = [...this.#pairs.values()].map(({ route, culprit, cause, function: fn, file, line, ...sums }) => {
      const time = sums.time.recent(now)
      const exact = Math.min(time, sums.exact.recent(now))
      const isEstimate = exact < time
      const code = { culprit, cause, function: fn, file, line }
      return {
        instance,
        route,
        ...code,
        time,
        perMinute: time / minutes,
        count: sums.count.recent(now),
        exact,
        isEstimate,
      }
    })
    return rows.sort((a, b) => b.time - a.time)
  }

  /** Pairs of which nothing is left in the last minute. */
  #forget(now: number): void {
    for (const [key, { count }] of this.#pairs) if (count.recent(now) === 0) this.#pairs.delete(key)
  }
}
