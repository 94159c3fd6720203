/** Takes events and names out of a channel, in slices: the watchdog must not wait for a long drain. */
import { CONTROL, EVENT_SLOTS, RING_CAPACITY, type Channel } from '@loopscope/collector/protocol'

export type Apply = (kind: number, id: number, time: number, a: number, b: number) => void

/** Events in one go: about a millisecond. */
const SLICE = 4096

export class Reader {
  readonly #channel: Channel
  readonly #names: string[] = ['(unnamed)']
  #unitsRead = 0

  constructor(channel: Channel) {
    this.#channel = channel
  }

  /** Applies what has come, `SLICE` events at the most; true when there is more. */
  drain(apply: Apply): boolean {
    const { control, ring } = this.#channel
    const head = Atomics.load(control, CONTROL.head)
    let tail = control[CONTROL.tail]!
    const count = Math.min((head - tail) | 0, SLICE)
    for (let i = 0; i < count; i++) {
      const at = (tail & (RING_CAPACITY - 1)) * EVENT_SLOTS
      const what = ring[at + 1]!
      // Not `%`: of numbers beyond 32 bits that is a call, and takes as long as all the rest of this.
      const id = Math.floor(what / 256)
      tail = (tail + 1) | 0
      try {
        apply(what - 256 * id, id, ring[at]!, ring[at + 2]!, ring[at + 3]!)
      } catch (error) {
        // An event that the model cannot take is left behind: read again, it would end every worker that comes.
        Atomics.store(control, CONTROL.tail, tail)
        throw error
      }
    }
    Atomics.store(control, CONTROL.tail, tail)
    return tail !== head
  }

  name = (id: number): string => {
    if (id >= this.#names.length) this.#readNames()
    return this.#names[id] ?? '(unnamed)'
  }

  #readNames(): void {
    const { control, names } = this.#channel
    const count = Atomics.load(control, CONTROL.names)
    while (this.#names.length <= count) {
      const length = names[this.#unitsRead]!
      const units = names.subarray(this.#unitsRead + 1, this.#unitsRead + 1 + length)
      this.#names.push(String.fromCharCode(...units))
      this.#unitsRead += length + 1
    }
  }
}
