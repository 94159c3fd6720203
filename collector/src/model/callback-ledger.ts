/** What the events tell of the callbacks of a turn, until the turn is over. */
import type { Capture } from './captures.ts'
import type { Happenings } from './callbacks.ts'

/** Begins and ends of activities, and waits that were over: the last so many. */
const KEPT = 4096
const RESUMED = 0
/** Of one turn; as many as wait for its end. */
const MAX_CAPTURES = 256

export class CallbackLedger {
  /** Of the running turn; their callback may not be over. */
  #captures: Capture[] = []
  readonly #times = new Float64Array(KEPT)
  readonly #what = new Float64Array(KEPT)
  #next = 0
  #polled = { turn: -1, before: 0, count: 0 }

  captured(capture: Capture): void {
    if (this.#captures[0]?.turn !== capture.turn) this.#captures = []
    this.#captures.push(capture)
    if (this.#captures.length > MAX_CAPTURES) this.#captures.shift()
  }

  /** See EVENT.callback. */
  callback(turn: number, at: number, id: number, promise: number): void {
    const capture = this.#captures.at(-1)
    if (capture?.turn === turn && !capture.callback) capture.callback = { at, id, promiseIndex: promise - 1 }
  }

  /** See EVENT.callbackOver. */
  over(turn: number, time: number, events: number): void {
    for (const { turn: of, callback } of this.#captures) {
      if (of === turn && callback && callback.over === undefined) callback.over = time
    }
    if (this.#polled.turn !== turn) this.#polled = { turn, before: events, count: 0 }
  }

  /** See EVENT.turnEvents. */
  events(turn: number, events: number): void {
    if (this.#polled.turn === turn) this.#polled.count = events - this.#polled.before
  }

  /** An activity began or ended. */
  activity(time: number, id: number): void {
    this.#note(time, id)
  }

  resumed(time: number): void {
    this.#note(time, RESUMED)
  }

  happened(turn: number, begin: number, end: number): Happenings {
    const activities = new Set<number>()
    let resumed = 0
    for (let at = this.#next - 1; at >= Math.max(0, this.#next - KEPT); at--) {
      const time = this.#times[at % KEPT]!
      if (time < begin) break
      if (time > end) continue
      const what = this.#what[at % KEPT]!
      if (what === RESUMED) resumed++
      else activities.add(what)
    }
    return { events: this.#polled.turn === turn ? this.#polled.count : 0, resumed, activities }
  }

  #note(time: number, what: number): void {
    const at = this.#next++ & (KEPT - 1)
    this.#times[at] = time
    this.#what[at] = what
  }
}
