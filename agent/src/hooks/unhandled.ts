/**
 * Rejections that nobody handled, by the activity in which they happened: Node emits them on `process` in the async context of
 * the promise (22, 24, 26). A listener of ours would change what happens to the process, so `process.emit` is watched instead.
 */
import type { BuiltinHook } from './hook.ts'
import { disguise } from './support/patch.ts'

type Emit = (this: unknown, ...args: unknown[]) => boolean

export const unhandled: BuiltinHook = {
  name: 'unhandled',
  start({ activities }) {
    const { emit: original } = process
    const own = Object.getOwnPropertyDescriptor(process, 'emit')

    function emit(this: unknown, type: unknown, reason: unknown): boolean {
      if (type === 'unhandledRejection') {
        try {
          activities.unhandled(reason)
        } catch {
          // The program comes first.
        }
      }
      // The inherited one is looked up as without us: `node:domain` replaces it.
      const inherited = own ? original : (Object.getPrototypeOf(process) as { emit: unknown }).emit
      return Reflect.apply(inherited as Emit, this, arguments) // eslint-disable-line prefer-rest-params
    }
    // Not among the keys of `process`, where it is none.
    const flags = own ?? { configurable: true, writable: true, enumerable: false }
    Object.defineProperty(process, 'emit', { ...flags, value: disguise(emit, original) })
  },
}
