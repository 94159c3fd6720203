/**
 * Writes events and names into the channel: tens of ns, no allocation, no strings after a name's first time.
 * A full ring drops the event and counts it; nothing here waits or throws.
 */
import {
  CONTROL,
  DOZE,
  EVENT_SLOTS,
  MAX_NAME,
  MAX_NAMES,
  RING_CAPACITY,
  type Channel,
} from '@loopscope/collector/protocol'
import { charCodeAt, mapGet, mapSet, min, notify, store } from './pristine.ts'

const MASK = RING_CAPACITY - 1

export class Recorder {
  readonly channel: Channel
  /**
   * True while the name table is half written. A capture runs by interrupt, which V8 takes at function entries and loop
   * ends: `record` has neither after its first line, `name` has a loop. A capture that finds this set discards itself.
   */
  naming = false
  readonly #control: Int32Array
  readonly #ring: Float64Array
  readonly #ids = new Map<string, number>()
  #head = 0

  constructor(channel: Channel) {
    this.channel = channel
    this.#control = channel.control
    this.#ring = channel.ring
    this.#head = channel.control[CONTROL.head]!
  }

  record(kind: number, id: number, time: number, a: number, b: number): void {
    const control = this.#control
    const head = this.#head
    if (((head - control[CONTROL.tail]!) | 0) >= RING_CAPACITY) {
      control[CONTROL.dropped]!++
      return
    }
    const ring = this.#ring
    const at = (head & MASK) * EVENT_SLOTS
    ring[at] = time
    ring[at + 1] = kind + 256 * id
    ring[at + 2] = a
    ring[at + 3] = b
    this.#head = (head + 1) | 0
    store(control, CONTROL.head, this.#head)
    if (control[CONTROL.dozing] !== DOZE.not) this.wake()
  }

  /** For events that may as well be left out. */
  get hasRoom(): boolean {
    return ((this.#head - this.#control[CONTROL.tail]!) | 0) < RING_CAPACITY / 2
  }

  /** The id of a name; 0 when the table is full. */
  name(text: string): number {
    const known = mapGet(this.#ids, text)
    if (known !== undefined) return known
    this.naming = true
    try {
      const id = this.#append(text)
      mapSet(this.#ids, text, id)
      return id
    } finally {
      // Also at the end of the stack, where any call can fail.
      this.naming = false
    }
  }

  /** The name of an id, '' of none: looks at all names, for what is done once a name. */
  textOf(id: number): string {
    for (const [text, known] of this.#ids) if (known === id && id !== 0) return text
    return ''
  }

  #append(text: string): number {
    const control = this.#control
    const names = this.channel.names
    const id = control[CONTROL.names]! + 1
    const at = control[CONTROL.nameUnits]!
    const length = min(text.length, MAX_NAME)
    if (id > MAX_NAMES || at + length + 1 > names.length) {
      control[CONTROL.namesLost]!++
      return 0
    }
    names[at] = length
    for (let i = 0; i < length; i++) names[at + 1 + i] = charCodeAt(text, i)
    control[CONTROL.nameUnits] = at + 1 + length
    store(control, CONTROL.names, id)
    return id
  }

  /** The worker sleeps; one futex wake, once for each time it fell asleep. */
  wake(): void {
    this.#control[CONTROL.dozing] = DOZE.not
    notify(this.#control, CONTROL.dozing)
  }
}
