/**
 * Code that may be ended by force: scripts of node:vm with a time limit (or `breakOnSigint`), threads that are terminated. V8
 * ends whatever JavaScript runs, once. If that is a capture on top of the code, the capture is ended instead, and the code
 * runs on for ever. So no capture is asked for while such code runs, and it does not begin before one that is under way was
 * taken. Each side first says what it is about to do and then looks at the other (Dekker): worker/capturer.ts.
 */
import vm from 'node:vm'
import { Worker } from 'node:worker_threads'
import { CAPTURE, CONTROL } from '@loopscope/collector/protocol'
import { patchMethods, type Method, type Patch } from '../hooks/support/patch.ts'
import { CAPTURE_KEY } from './capture-key.ts'
import { add, load, store, sub } from './pristine.ts'

/** A capture takes 0.3 ms; one of another thread some ms. Whoever does not answer until then has been lost. */
const LONGEST_MS = 5
const LONGEST_OF_THREADS_MS = 50

const { apply } = Reflect
const then = Promise.prototype.then as (...args: never[]) => unknown

export function installGuards(control: Int32Array, now: () => number, isMainThread: boolean): void {
  const methods = ['runInThisContext', 'runInContext', 'runInNewContext'] as const
  const scripts = methods.map((name): Patch => [vm.Script.prototype, name, (original) => guarded(name, original)])
  const threads: Patch = [Worker.prototype, 'terminate', terminate]
  try {
    patchMethods(isMainThread ? [...scripts, threads] : scripts)
  } catch {
    // Frozen by a preload before this one.
  }

  function guarded(name: string, original: Method): Method {
    // As a native without interrupt checks (hooks/support/landing.ts): what could not be captured is shown as this call.
    const land = (reason: number): void => capture(reason)
    Object.defineProperty(land, 'name', { value: `native vm.Script.${name}` })
    const { method } = {
      method(this: unknown, ...args: never[]): unknown {
        if (!mayBeEnded(args.at(name === 'runInThisContext' ? 0 : 1))) return apply(original, this, args)
        add(control, CONTROL.guarded, 1)
        awaitZero(control, CONTROL.asking, LONGEST_MS, now)
        try {
          return apply(original, this, args)
        } finally {
          sub(control, CONTROL.guarded, 1)
          const owed = load(control, CONTROL.owed)
          if (owed > 0) {
            store(control, CONTROL.owed, 0)
            land(owed - 1)
          }
        }
      },
    }
    return method
  }

  /** Is left out of the stack, as is the evaluated expression that calls the capture elsewhere. */
  function capture(reason: number): void {
    const take = (globalThis as Record<symbol, unknown>)[Symbol.for(CAPTURE_KEY)]
    if (typeof take === 'function') take(-1, reason === CAPTURE.sample ? CAPTURE.sample : CAPTURE.block)
  }

  function terminate(original: Method): Method {
    const { method } = {
      method(this: unknown, ...args: never[]): unknown {
        beforeEnd(control, now)
        const ended = apply(original, this, args)
        const release = (): void => void sub(control, CONTROL.ending, 1)
        // It is resolved when the thread has ended, and never rejected.
        if (ended instanceof Promise) apply(then, ended, [release, release])
        else release()
        return ended
      },
    }
    return method
  }
}

/** On the main thread, before its user threads are ended: no more of them is captured, and none is being captured. */
export function beforeEnd(control: Int32Array, now: () => number): void {
  add(control, CONTROL.ending, 1)
  awaitZero(control, CONTROL.askingThreads, LONGEST_OF_THREADS_MS, now)
}

/** Not by sleeping: what is waited for is taken by interrupt, in this loop. */
function awaitZero(control: Int32Array, slot: number, longestMs: number, now: () => number): void {
  if (load(control, slot) === 0) return
  const until = now() + longestMs
  while (load(control, slot) > 0 && now() < until);
  store(control, slot, 0)
}

/** Without reading a getter of the program: what cannot be known that way may be ended. */
function mayBeEnded(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return false
  const prototype: unknown = Object.getPrototypeOf(options)
  if (prototype !== null && prototype !== Object.prototype) return true
  const { timeout, breakOnSigint } = Object.getOwnPropertyDescriptors(options) as PropertyDescriptorMap
  return (timeout !== undefined && timeout.value !== undefined) || Boolean(timeout?.get) || isTrue(breakOnSigint)
}

function isTrue(property: PropertyDescriptor | undefined): boolean {
  return property !== undefined && (property.get !== undefined || property.value === true)
}
