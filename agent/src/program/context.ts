/**
 * Which activity the code that runs belongs to.
 *
 * Carried: by AsyncLocalStorage. On Node 24 and 26 that rides on AsyncContextFrame and costs next to nothing. On 22 it rides on
 * async_hooks, which every promise pays for, so there the activity is carried from the moment on at which the program itself
 * uses AsyncLocalStorage or async_hooks (context-use.ts), and so pays for them anyhow.
 *
 * Not carried: an activity is known in the callback in which a hook has entered it, with the ticks and microtasks that belong to
 * that callback. Where the callback turns out to be that of two activities (requests in one chunk, a client of a pool that goes
 * from one to the other), it is known in their synchronous parts alone: what is not certain is undefined.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** Ticks and microtasks take turns; so often they may in one callback. */
const ROUNDS = 3

const { nextTick } = process
const microtask = queueMicrotask

/** Whether carrying it makes every promise of the program dearer. */
export const isCarryingDear = '_enable' in AsyncLocalStorage.prototype

export class Context<T extends object> {
  #storage: AsyncLocalStorage<T> | undefined
  #last: T | undefined
  /** The first of the callback that runs; undefined where none has been entered. */
  #first: T | undefined
  #isShared = false
  #rounds = 0

  constructor(carried: boolean) {
    this.#storage = carried ? new AsyncLocalStorage() : undefined
  }

  get carried(): boolean {
    return this.#storage !== undefined
  }

  /** From here on. */
  carry(): void {
    if (this.#storage) return
    this.#storage = new AsyncLocalStorage()
    if (this.#last) this.#storage.enterWith(this.#last)
  }

  /** Safe in an interrupt: reads a field, calls nothing of the program. */
  current(): T | undefined {
    return this.#storage ? this.#storage.getStore() : this.#last
  }

  enter(value: T): void {
    if (this.#storage) {
      this.#storage.enterWith(value)
      return
    }
    this.#note(value)
    this.#last = value
  }

  /** What follows in this callback, or in the microtasks after this one, is its: of use where it is not carried. */
  goOn(value: T | undefined): void {
    if (this.#storage || value === undefined) return
    this.#note(value)
    this.#last = this.#isShared ? undefined : value
  }

  callIn(value: T | undefined, fn: (...args: never[]) => unknown, self: unknown, args: ArrayLike<unknown>): unknown {
    if (this.current() === value) return Reflect.apply(fn, self, args)
    if (this.#storage) return this.#storage.run(value as T, Reflect.apply, fn, self, args)
    const outer = this.#last
    if (value !== undefined) this.#note(value)
    this.#last = value
    try {
      return Reflect.apply(fn, self, args)
    } finally {
      this.#last = outer ?? (this.#isShared ? undefined : value)
    }
  }

  #note(value: T): void {
    if (this.#first === undefined) {
      this.#first = value
      this.#rounds = ROUNDS
      nextTick(this.#over)
    } else if (this.#first !== value) {
      this.#isShared = true
      // Before the ticks and the microtasks of what is entered now.
      nextTick(this.#forget)
      microtask(this.#forget)
    }
  }

  readonly #forget = (): void => {
    if (this.#isShared) this.#last = undefined
  }

  readonly #again = (): void => nextTick(this.#over)

  readonly #over = (): void => {
    if (--this.#rounds > 0) {
      microtask(this.#again)
      return
    }
    this.#first = undefined
    this.#last = undefined
    this.#isShared = false
  }
}
