/**
 * setTimeout and setInterval (the globals, node:timers, and the promise of node:timers/promises): a timer that the code of
 * an activity has set and that is pending when the activity ends is work that outlives it. Sleeps without await, chains of
 * timeouts and intervals that a request starts show up by this. What counts is decided in program/leftovers.ts.
 * The same timers say who waited for a block, and since when.
 *
 * Left out: setImmediate (over in a turn), `scheduler.wait`, the asynchronous iterator of timers/promises, timers that a
 * library sets (`delay`, debounce). Costs about 60 ns a timer within an activity, and
 * a promise more for a sleep.
 */
import { syncBuiltinESMExports } from 'node:module'
import timersModule from 'node:timers'
import timersPromises from 'node:timers/promises'
import type { Activity, Leftover } from '../program/activity.ts'
import { Leftovers } from '../program/leftovers.ts'
import type { BuiltinHook, HookContext } from './hook.ts'
import { disguise, type Method } from './support/patch.ts'

/** Node takes any other delay for 1 ms. */
const MAX_DELAY = 2 ** 31 - 1

type Timers = Record<'setTimeout' | 'setInterval' | 'setImmediate', Method>

/** The timer behind a promise cannot be asked: the promise tells. */
class Sleep {
  _destroyed = false
  readonly _idleStart: number
  readonly _idleTimeout: number

  constructor(start: number, delay: unknown) {
    this._idleStart = start
    this._idleTimeout = Number(delay) >= 1 && Number(delay) <= MAX_DELAY ? Number(delay) : 1
  }

  hasRef(): boolean {
    return true
  }
}

function startOf(timer: NodeJS.Timeout): number {
  return (timer as unknown as Leftover['timer'])._idleStart
}

export const timers: BuiltinHook = {
  name: 'timers',
  start({ recorder, activities, now }: HookContext) {
    const { setTimeout: set, clearTimeout: clear } = timersModule
    let watching: NodeJS.Timeout | undefined
    const leftovers = new Leftovers(recorder, activities, now, {
      loopTime() {
        const timer = set(() => {}, MAX_DELAY)
        clear(timer)
        return startOf(timer)
      },
      watch(delay) {
        clear(watching)
        watching = activities.callIn(undefined, set as never, undefined, [watched, delay]) as NodeJS.Timeout
        return startOf(watching.unref())
      },
    })
    function watched(): void {
      try {
        leftovers.watched()
      } catch {
        // The program comes first.
      }
    }
    activities.leftovers = leftovers

    function wrap(original: Method): Method {
      function wrapper(this: unknown, callback: never, delay: never): unknown {
        if (!activities.carried) return setBound(this, arguments) // eslint-disable-line prefer-rest-params
        // Two arguments, nearly always: handing on `arguments` costs twice as much.
        const timer =
          arguments.length === 2 ? original.call(this, callback, delay) : Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
        const activity = activities.current()
        if (activity !== undefined) note(activity, timer as never, delay, wrapper)
        return timer
      }
      /** Without a context, the callback is told whose it is. */
      function setBound(self: unknown, args: IArguments): unknown {
        const activity = activities.current()
        if (activity === undefined) return Reflect.apply(original, self, args)
        const timer = Reflect.apply(original, self, bound(activity, args) as never)
        note(activity, timer as never, args[1], wrapper)
        return timer
      }
      return disguise(wrapper, original)
    }

    function bound(activity: Activity, args: ArrayLike<unknown>): unknown[] {
      const own = Array.from(args)
      const callback = own[0]
      if (typeof callback !== 'function') return own
      own[0] = function (this: unknown, ...given: never[]): unknown {
        return activities.callIn(activity, callback as Method, this, given)
      }
      return own
    }

    function wrapImmediate(original: Method): Method {
      return disguise(function (this: unknown): unknown {
        const activity = activities.carried ? undefined : activities.current()
        if (activity === undefined) return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
        return Reflect.apply(original, this, bound(activity, arguments) as never) // eslint-disable-line prefer-rest-params
      }, original)
    }

    function note(activity: Activity, timer: never, delay: unknown, below: Method): void {
      try {
        leftovers.add(activity, timer, delay, below)
      } catch {
        // The program comes first.
      }
    }

    const names = ['setTimeout', 'setInterval', ...(activities.carried ? [] : ['setImmediate' as const])] as const
    for (const name of names) {
      const original = (timersModule as unknown as Timers)[name]
      const wrapper = name === 'setImmediate' ? wrapImmediate(original) : wrap(original)
      ;(timersModule as unknown as Timers)[name] = wrapper
      // A program that was started with other timers keeps them.
      if ((globalThis as unknown as Timers)[name] === original) (globalThis as unknown as Timers)[name] = wrapper
    }

    const sleep = timersPromises.setTimeout as unknown as (...args: unknown[]) => Promise<unknown>
    function setTimeout(this: unknown, delay?: number, _value?: unknown, options?: { ref?: boolean }): unknown {
      const promise = Reflect.apply(sleep, this, arguments) as Promise<unknown> // eslint-disable-line prefer-rest-params
      const activity = activities.current()
      if (activity === undefined || options?.ref === false) return promise
      const timer = new Sleep(leftovers.loopTime(), delay)
      note(activity, timer as never, delay, setTimeout as Method)
      // Handed on instead of the first: a rejection that nobody handles stays one.
      return promise.then(
        (value) => {
          timer._destroyed = true
          activities.goOn(activity)
          return value
        },
        (error: unknown) => {
          timer._destroyed = true
          activities.goOn(activity)
          throw error
        },
      )
    }
    timersPromises.setTimeout = disguise(setTimeout, sleep) as never
    syncBuiltinESMExports()
  },
}
