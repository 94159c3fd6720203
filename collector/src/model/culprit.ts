/** Who is to blame for a stack: the first frame of the program's own code, and what it called to hold the loop. */
import type { Cause, Frame } from '../protocol/rows.ts'
import { apiOf, isSyncCall, packageOfApi } from './api-name.ts'
import { isCode, isOwn, packageOf } from './frame.ts'

export interface Culprit {
  frame: Frame
  /** What held the loop, when that is Node's or V8's, as users write it: "crypto.pbkdf2Sync", "Array.sort". */
  api: string | null
  cause: Cause
  /** The package in which the loop was held; null where it was the program's own code. */
  package: string | null
}

/**
 * Frames come innermost first; undefined when there are none. The innermost JavaScript that is not Node's says what held the
 * loop: a call of Node or V8, or itself. Where it is a package's, the line of the program that called it is to blame.
 */
export function findCulprit(stack: readonly Frame[]): Culprit | undefined {
  if (stack.length === 0) return undefined
  const inner = stack.findIndex(isCode)
  if (inner < 0) {
    // A native has no place of its own.
    const frame = stack.find(({ file }) => file !== '') ?? stack[0]!
    return { frame, api: null, cause: 'js', package: null }
  }
  const own = stack.findIndex(isOwn)
  const frame = stack[own < 0 ? inner : own]!
  const api = apiOf(stack.slice(0, inner))
  return {
    frame,
    api,
    cause: api !== null && isSyncCall(api) ? 'sync-call' : 'js',
    package: (api === null ? undefined : packageOfApi(api)) ?? packageOf(stack[inner]!.file) ?? null,
  }
}
