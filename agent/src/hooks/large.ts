/**
 * Natives that only take long of something large: TextDecoder's conversion, and sorting without a comparator. Wrapped, so that
 * a capture finds them (support/landing.ts); 10 to 20 ns a call. Buffer's are called far more often than they are to blame,
 * and are left alone.
 */
import type { BuiltinHook } from './hook.ts'
import { landedIfLarge } from './support/landing.ts'
import { patchMethods, type Method, type Patch } from './support/patch.ts'

export const large: BuiltinHook = {
  name: 'large',
  start({ seen }) {
    const groups: Record<string, Patch[]> = {
      TextDecoder: [[TextDecoder.prototype, 'decode', (original) => landedIfLarge('TextDecoder.decode', original)]],
      Array: [[Array.prototype, 'sort', wrapSort]],
    }
    for (const [module, patches] of Object.entries(groups)) {
      try {
        patchMethods(patches)
      } catch (error) {
        // Frozen (--frozen-intrinsics), or somebody's own.
        seen({ module, version: '', how: 'none', why: (error as Error).message })
      }
    }
  },
}

/** Comparators are interrupted, and show up themselves. */
function wrapSort(original: Method): Method {
  const native = original as unknown as (this: unknown, comparator: unknown) => unknown
  const withoutComparator = landedIfLarge('Array.sort', original) as unknown as (this: unknown) => unknown
  const { sort } = {
    sort(this: unknown, comparator: unknown) {
      return comparator === undefined ? withoutComparator.call(this) : native.call(this, comparator)
    },
  }
  return sort as unknown as Method
}
