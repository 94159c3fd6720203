/**
 * Which callback of the loop a capture was taken in, and when that callback was over: this tells many small callbacks from a
 * long one, which have the same stacks.
 *
 * A promise that was made before is resolved in the capture. What hangs on it is a microtask, and Node runs those after each
 * callback, not before it has ended. Making a promise in an interrupt would run the program's async_hooks there; resolving
 * one runs nothing but a `promiseResolve` hook. Ticks are not told apart by that (microtasks wait until no tick is left), but
 * each has an asynchronous id of its own; nor are microtasks that were queued in one go, unless a Promise.all counts them.
 */
import { executionAsyncId } from 'node:async_hooks'
import { EVENT } from '@loopscope/collector/protocol'
import type { Recorder } from './recorder.ts'

/** Taken at preload: a program may replace it. */
const PlainPromise = Promise

export class CallbackMarks {
  readonly #recorder: Recorder
  readonly #now: () => number
  readonly #events: () => number
  /** undefined while the callback of a capture goes on. */
  #resolve: (() => void) | undefined
  /** The turn in which the promise was resolved. */
  #turn = -1

  constructor(recorder: Recorder, now: () => number, events: () => number) {
    this.#recorder = recorder
    this.#now = now
    this.#events = events
    void this.#watch()
  }

  /** In the interrupt. `promiseIndex`: which promise of a Promise.all the code goes on for, or -1. */
  captured(turn: number, promiseIndex: number): void {
    this.#recorder.record(EVENT.callback, turn, this.#now(), executionAsyncId(), promiseIndex + 1)
    const resolve = this.#resolve
    if (resolve === undefined) return
    this.#resolve = undefined
    this.#turn = turn
    resolve()
  }

  /** `await`, as it looks up nothing that the program may have replaced. */
  async #watch(): Promise<never> {
    for (;;) {
      await new PlainPromise<void>((resolve) => (this.#resolve = resolve))
      this.#recorder.record(EVENT.callbackOver, this.#turn, this.#now(), this.#events(), 0)
    }
  }
}
