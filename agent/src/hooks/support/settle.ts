/**
 * Knows when a result is over, so that the library that waits for it notices nothing: it gets the same promise, at the same
 * moment. Only for results that the library itself listens to: to listen to a promise marks its rejection as handled.
 */
export type Over = (failed: boolean, reason?: unknown) => void

// As it was when the hook was loaded; `await` asks no method either.
const listen = Function.prototype.call.bind(Promise.prototype.then) as (
  promise: unknown,
  done: () => void,
  failed: (reason: unknown) => void,
) => unknown

/** What to hand on in the place of `result`. `over` must not throw. */
export function whenSettled(result: unknown, over: Over): unknown {
  if (isPlainPromise(result)) {
    listen(
      result,
      () => over(false),
      (reason) => over(true, reason),
    )
    return result
  }
  let then: unknown
  try {
    if ((typeof result === 'object' && result !== null) || typeof result === 'function') {
      then = (result as { then?: unknown }).then
    }
  } catch (error) {
    over(true, error)
    return throwing(error)
  }
  if (typeof then === 'function') return behind(result, then as Then, over)
  over(false)
  return result
}

type Then = (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => unknown

/**
 * A thenable may begin its work when its `then` is called (a query that is built): it is called once, by the library, and
 * `then` is read once.
 */
function behind(thenable: unknown, then: Then, over: Over): object {
  return {
    then: (resolve: (value: unknown) => void, reject: (reason: unknown) => void): unknown =>
      Reflect.apply(then, thenable, [
        (value: unknown): void => {
          over(false)
          resolve(value)
        },
        (reason: unknown): void => {
          over(true, reason)
          reject(reason)
        },
      ]),
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

/** As it was: reading `then` throws, when the library does so. */
function throwing(error: unknown): object {
  return Object.defineProperty({}, 'then', {
    get() {
      throw error
    },
  })
}
