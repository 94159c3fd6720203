/**
 * Native functions without interrupt checks. V8 takes a capture at the next function entry or loop, so one that is asked for
 * while such a native runs is taken in whatever the program does next, after the line that is to blame has been left. A
 * wrapper that enters a function as soon as the native returns is where it lands instead: on top of the line that called, and
 * under the native's name (the model takes a function of the agent's named `native X` for X).
 */
import { types } from 'node:util'
import type { Method } from './patch.ts'

export type Landing = () => void

/**
 * `api` as it is shown: "JSON.parse". A function that the compiler knows would be made a part of its caller, and lose its
 * check; it does not look through the conversion of an object to a number. 10 ns.
 */
export function landing(api: string): Landing {
  const trap = { valueOf: named(() => 0, api) }
  return named(() => {
    void +(trap as unknown as number)
  }, api)
}

/**
 * Wraps a method: lands after each call, and has the native's name below whatever the native calls back. `isItsOwn` tells
 * errors that the native itself makes from those of the program that only pass through: of the former the wrapper leaves no
 * trace in their stack.
 */
export function landed(api: string, original: Method, isItsOwn: (error: Error) => boolean): Method {
  const land = landing(api)
  const call = named((self: unknown, args: never[]): unknown => {
    const result = Reflect.apply(original, self, args)
    land()
    return result
  }, api)
  // A method cannot be called with `new`, as the original cannot.
  const { method } = {
    method(this: unknown, ...args: never[]): unknown {
      try {
        return call(this, args)
      } catch (error) {
        hide(error, method, isItsOwn)
        throw error
      }
    },
  }
  return method
}

/** Units of text, bytes or elements: 10 us of work, and more. */
export const LARGE = 16_384

/** Wraps a method that is called often and only takes long of much: lands when its result is large. */
export function landedIfLarge(api: string, original: Method): Method {
  const land = landing(api)
  const call = named((self: unknown, args: never[]): unknown => {
    const result = Reflect.apply(original, self, args) as { length: number }
    if (result.length > LARGE) land()
    return result
  }, api)
  const { method } = {
    method(this: unknown, ...args: never[]): unknown {
      return call(this, args)
    },
  }
  return method
}

function named<T extends object>(fn: T, api: string): T {
  return Object.defineProperty(fn, 'name', { value: `native ${api}` })
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
