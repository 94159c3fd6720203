/**
 * Runs the function of a queued task as the activity that has queued it, and knows when it is over, so that the queue that waits
 * for its result notices nothing: it gets the same promise, at the same moment. Listening to it marks no rejection as handled
 * that the queue itself would not handle.
 */
import type { Activities } from '../../program/activity.ts'
import type { Queues, Task } from '../../program/queues.ts'

type Fn = (...args: never[]) => unknown

// As it was when the hook was loaded; `await` asks no method either.
const listen = Function.prototype.call.bind(Promise.prototype.then) as (
  promise: unknown,
  done: () => void,
  failed: () => void,
) => unknown

export class Tasks {
  readonly #activities: Activities
  readonly #queues: Queues

  constructor(activities: Activities, queues: Queues) {
    this.#activities = activities
    this.#queues = queues
  }

  run(task: Task, fn: Fn, self: unknown, args: ArrayLike<unknown>): unknown {
    this.#take(task)
    let result: unknown
    try {
      result = this.#activities.callIn(task.activity, fn, self, args)
    } catch (error) {
      this.end(task, true)
      throw error
    }
    if (isPlainPromise(result)) {
      listen(
        result,
        () => this.end(task, false),
        () => this.end(task, true),
      )
      return result
    }
    return this.#watch(task, result)
  }

  end(task: Task, failed: boolean): void {
    try {
      this.#queues.end(task, failed)
    } catch {
      // The program comes first.
    }
  }

  #take(task: Task): void {
    try {
      this.#queues.take(task)
    } catch {
      // The program comes first.
    }
  }

  /**
   * A thenable may begin its work when its `then` is called (a query that is built): it is called once, by the queue, and
   * `then` is read once.
   */
  #watch(task: Task, result: unknown): unknown {
    let then: unknown
    try {
      if ((typeof result === 'object' && result !== null) || typeof result === 'function') {
        then = (result as { then?: unknown }).then
      }
    } catch (error) {
      this.end(task, true)
      return throwing(error)
    }
    if (typeof then !== 'function') {
      this.end(task, false)
      return result
    }
    return {
      then: (resolve: (value: unknown) => void, reject: (error: unknown) => void): unknown =>
        Reflect.apply(then, result, [
          (value: unknown): void => {
            this.end(task, false)
            resolve(value)
          },
          (error: unknown): void => {
            this.end(task, true)
            reject(error)
          },
        ]),
    }
  }
}

/** What `await` listens to without calling anything of the program's. */
function isPlainPromise(value: unknown): boolean {
  return (
    value instanceof Promise &&
    Object.getPrototypeOf(value) === Promise.prototype &&
    !Object.hasOwn(value, 'constructor')
  )
}

/** As it was: reading `then` throws, when the queue does so. */
function throwing(error: unknown): object {
  return Object.defineProperty({}, 'then', {
    get() {
      throw error
    },
  })
}
