/**
 * allowBlocking(): code that may hold the loop, and why. What it does synchronously is measured; what goes on after an
 * await carries the reason in its async context, where a capture finds it.
 *
 * The async context is made when somebody allows something for the first time: on Node 22 each one costs every promise.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { CONTROL, EVENT } from '@loopscope/collector/protocol'
import type { Recorder } from './recorder.ts'

/** Until `fn` is over; what it has started and left behind is allowed no longer. */
interface Allowance {
  /** Name id. */
  readonly why: number
  readonly outer: Allowance | undefined
  over: boolean
}

/** Shorter parts make no block. */
const MIN_SPAN_MS = 1
/** Reasons are for people, so there are few; a program that makes them up as it goes must not fill the name table. */
const MAX_REASONS = 100

export class Allowances {
  readonly #recorder: Recorder
  readonly #now: () => number
  readonly #reasons = new Map<string, number>()
  #storage: AsyncLocalStorage<Allowance> | undefined
  readonly #carries: boolean
  /** The synchronous part that runs now. */
  #running: Allowance | undefined

  constructor(recorder: Recorder, now: () => number, options: { context: boolean }) {
    this.#recorder = recorder
    this.#now = now
    this.#carries = options.context
  }

  run<T>(fn: () => T, why: string): T {
    const outermost = this.#running === undefined
    const outer = stillAllowed(this.#current())
    const allowance: Allowance = { why: this.#reason(why), outer, over: false }
    const before = this.#running
    const began = this.#now()
    this.#running = allowance
    let result: T
    try {
      result = this.#enter(allowance, fn)
    } catch (error) {
      allowance.over = true
      throw error
    } finally {
      this.#running = before
      if (outermost) this.#span(allowance, began)
    }
    return whenOver(result, () => {
      allowance.over = true
    })
  }

  /** In the interrupt of a capture: says whether it was taken inside. */
  mark(turn: number): void {
    const allowance = stillAllowed(this.#current())
    if (allowance) this.#recorder.record(EVENT.allowed, turn, this.#now(), allowance.why, 0)
  }

  #current(): Allowance | undefined {
    return this.#running ?? this.#storage?.getStore()
  }

  #enter<T>(allowance: Allowance, fn: () => T): T {
    if (!this.#carries) return fn()
    this.#storage ??= new AsyncLocalStorage()
    return this.#storage.run(allowance, fn)
  }

  #span(allowance: Allowance, began: number): void {
    const now = this.#now()
    if (now - began < MIN_SPAN_MS) return
    const turn = this.#recorder.channel.control[CONTROL.beat]!
    this.#recorder.record(EVENT.allowed, turn, now, allowance.why, now - began)
  }

  #reason(why: string): number {
    const text = String(why)
    let id = this.#reasons.get(text)
    if (id !== undefined) return id
    if (this.#reasons.size >= MAX_REASONS) return this.#recorder.name('other')
    this.#reasons.set(text, (id = this.#recorder.name(text)))
    return id
  }
}

/** It, or the one around it. Those that are over are left out at the next run, so that a chain of runs does not grow. */
function stillAllowed(allowance: Allowance | undefined): Allowance | undefined {
  let current = allowance
  while (current?.over) current = current.outer
  return current
}

/**
 * Calls `over` when the result is there. A plain promise is replaced by one that settles the same: to listen to the
 * program's own would mark its rejection as handled. A promise of another kind, or a thenable, may start its work or lose
 * its methods by that, so it is left alone, and its allowance ends with its synchronous part.
 */
function whenOver<T>(result: T, over: () => void): T {
  if (!isPlainPromise(result)) {
    over()
    return result
  }
  return result.then(
    (value) => {
      over()
      return value
    },
    (error: unknown) => {
      over()
      throw error
    },
  ) as T
}

function isPlainPromise(value: unknown): value is Promise<unknown> {
  return (
    value instanceof Promise && Object.getPrototypeOf(value) === Promise.prototype && Object.keys(value).length === 0
  )
}
