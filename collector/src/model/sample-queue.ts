/** Samples in the order of their time, as columns: 16 bytes each. The oldest leaves first. */
const FIRST_CAPACITY = 512

export class SampleQueue {
  readonly #most: number
  #at = new Float64Array(FIRST_CAPACITY)
  #stack = new Int32Array(FIRST_CAPACITY)
  #route = new Int32Array(FIRST_CAPACITY)
  #first = 0
  length = 0

  constructor(most: number) {
    this.#most = most
  }

  get isFull(): boolean {
    return this.length === this.#most
  }

  /** The queue may not be full. */
  push(at: number, stack: number, route: number): void {
    if (this.length === this.#at.length) this.#grow()
    const place = this.#place(this.length++)
    this.#at[place] = at
    this.#stack[place] = stack
    this.#route[place] = route
  }

  shift(): void {
    this.#first = this.#place(1)
    this.length--
  }

  at(index: number): number {
    return this.#at[this.#place(index)]!
  }

  stack(index: number): number {
    return this.#stack[this.#place(index)]!
  }

  route(index: number): number {
    return this.#route[this.#place(index)]!
  }

  /** The place of the first sample at `time` or later. */
  firstSince(time: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.at(middle) < time) low = middle + 1
      else high = middle
    }
    return low
  }

  get bytes(): number {
    return this.#at.byteLength + this.#stack.byteLength + this.#route.byteLength
  }

  #place(index: number): number {
    const place = this.#first + index
    return place < this.#at.length ? place : place - this.#at.length
  }

  #grow(): void {
    const capacity = Math.min(this.#most, this.#at.length * 2)
    const [at, stack, route] = [new Float64Array(capacity), new Int32Array(capacity), new Int32Array(capacity)]
    for (let i = 0; i < this.length; i++) {
      at[i] = this.at(i)
      stack[i] = this.stack(i)
      route[i] = this.route(i)
    }
    this.#at = at
    this.#stack = stack
    this.#route = route
    this.#first = 0
  }
}
