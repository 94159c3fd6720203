/**
 * Native functions without interrupt checks. V8 takes a capture at the next function entry or loop, so one that is asked for
 * while such a native runs is taken in whatever the program does next, after the line that is to blame has been left. A
 * wrapper that runs a short loop as soon as the native returns is where it lands instead: on top of the line that called, and
 * under the native's name (the model takes a function of the agent's named `native X` for X).
 */
import { types } from 'node:util'
import type { Method } from './patch.ts'

export type Landing = (times: number) => void

/** `api` as it is shown: "JSON.parse". */
export function landing(api: string): Landing {
  // The number of rounds must not be known to the compiler: it would leave the check out.
  const land = (times: number): void => {
    for (let i = 0; i < 2 + (times & 1); i++);
  }
  return Object.defineProperty(land, 'name', { value: `native ${api}` })
}

/**
 * Wraps a method: lands after each call. `isItsOwn` tells errors that the native itself makes from those of the program that
 * only pass through: of the former the wrapper leaves no trace in their stack.
 */
export function landed(api: string, original: Method, isItsOwn: (error: Error) => boolean): Method {
  const land = landing(api)
  let calls = 0
  // A method cannot be called with `new`, as the original cannot.
  const { method } = {
    method(this: unknown, ...args: never[]): unknown {
      let result: unknown
      try {
        result = Reflect.apply(original, this, args)
      } catch (error) {
        hide(error, method, isItsOwn)
        throw error
      }
      land(calls++)
      return result
    },
  }
  return method
}

/** Takes the frame of the wrapper out of the stack of an error of the native's own making. */
export function hide(
  error: unknown,
  wrapper: (...args: never[]) => unknown,
  isItsOwn: (error: Error) => boolean,
): void {
  try {
    if (types.isNativeError(error) && isItsOwn(error)) Error.captureStackTrace(error, wrapper)
  } catch {
    // A frozen error keeps it.
  }
}

/** An own data property: no getter of the program is called. */
export function textOf(error: Error, property: string): string {
  const value: unknown = Object.getOwnPropertyDescriptor(error, property)?.value
  return typeof value === 'string' ? value : ''
}
