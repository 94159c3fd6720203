/** A thread's garbage collections are watched while there are blocks of it to explain, and for a minute after the last one. */
import { CONTROL, WISH, type Channel } from '@loopscope/collector/protocol'

const WATCH_MS = 60_000

export class GcWish {
  readonly #control: Int32Array
  readonly #now: () => number
  #until = 0

  constructor(channel: Channel, now: () => number) {
    this.#control = channel.control
    this.#now = now
  }

  sawBlock(): void {
    this.#until = this.#now() + WATCH_MS
  }

  review(): void {
    this.#control[CONTROL.wishes] = this.#now() < this.#until ? WISH.gc : 0
  }
}
