/** When activities went on after a wait: the last so many, numbers in a row, so that nothing is allocated or kept alive. */

/** An activity goes on. */
export interface Happening {
  activity: number
  /** It had waited since then ... */
  since: number
  at: number
  /** ... and could have gone on since then, if that is known. */
  ready: number
}

/** A `ready`. */
export const UNKNOWN = NaN

const KEPT = 2048
const FIELDS = 4

export class Resumptions {
  readonly #numbers = new Float64Array(KEPT * FIELDS)
  #count = 0

  add(activity: number, since: number, at: number, ready: number): void {
    const numbers = this.#numbers
    const slot = (this.#count++ % KEPT) * FIELDS
    numbers[slot] = activity
    numbers[slot + 1] = since
    numbers[slot + 2] = at
    numbers[slot + 3] = ready
  }

  /** Since then, in order of time. */
  *from(time: number): Generator<Happening> {
    const numbers = this.#numbers
    let first = this.#count
    const oldest = Math.max(0, first - KEPT)
    while (first > oldest && numbers[((first - 1) % KEPT) * FIELDS + 2]! >= time) first--
    for (; first < this.#count; first++) {
      const slot = (first % KEPT) * FIELDS
      const [activity = 0, since = 0, at = 0, ready = 0] = numbers.subarray(slot, slot + FIELDS)
      yield { activity, since, at, ready }
    }
  }
}
