/** The running totals of blocks, by culprit and by who waited: what exporters count from the start of the process. */
import type { BlockRow, Exemplar, Totals } from '../protocol/rows.ts'
import { Histogram } from './histogram.ts'

type Counted = Pick<BlockRow, 'at' | 'duration' | 'cause' | 'function' | 'file' | 'route' | 'trace'>

const MAX_CULPRITS = 50

export class BlockTotals {
  readonly #culprits = new Map<string, Totals['blocks'][number] & { histogram: Histogram }>()
  readonly #victims = new Map<string, Totals['victims'][number]>()

  count(block: Counted): void {
    const key = [block.cause, block.function, block.file, block.route].join('\0')
    let culprit = this.#culprits.get(key)
    if (!culprit) {
      const isFull = this.#culprits.size >= MAX_CULPRITS
      const named = isFull
        ? { cause: block.cause, function: 'other', file: '', route: '' }
        : { cause: block.cause, function: block.function ?? '', file: block.file ?? '', route: block.route ?? '' }
      const known = isFull ? this.#culprits.get('other') : undefined
      const histogram = new Histogram()
      culprit = known ?? { ...named, histogram, duration: histogram.toData() }
      this.#culprits.set(isFull ? 'other' : key, culprit)
    }
    culprit.histogram.record(block.duration)
    if (block.trace) culprit.exemplar = { ...block.trace, value: block.duration, at: block.at } satisfies Exemplar
  }

  /** `route` waited because of `culprit`, '' where that is no route. */
  charge(route: string, culprit: string, time: number): void {
    const key = `${route}\0${culprit}`
    const known = this.#victims.get(key)
    if (known) known.time += time
    else if (this.#victims.size < MAX_CULPRITS * 10) this.#victims.set(key, { route, culprit, time })
  }

  toRows(): Pick<Totals, 'blocks' | 'victims'> {
    return {
      blocks: [...this.#culprits.values()].map(({ histogram, ...rest }) => ({ ...rest, duration: histogram.toData() })),
      victims: [...this.#victims.values()],
    }
  }
}
