/**
 * Reads stacks in a context of its own. V8 takes `stackTraceLimit` and Node `prepareStackTrace` from the Error of the context
 * in which a stack is captured, so the program's Error need not be changed and put back: it may be frozen, have accessors, or
 * be somebody else's, and the program may be ended in the middle (the time limit of node:vm runs no `finally`). The call sites
 * have a prototype of that context, too. Frames of all contexts are seen: Node gives them one security token.
 * A context takes 1 to 2 ms and 0.4 MB: it is made at the first turn, or by a capture that comes before.
 */
import { runInNewContext } from 'node:vm'

/** At most `limit` sites below `below`; V8 gives a text instead while the program formats a stack itself. */
export type StackReader = (limit: number, below: (...args: never[]) => unknown) => NodeJS.CallSite[] | string

const SOURCE = `'use strict';
(() => {
  const { captureStackTrace } = Error
  Error.prepareStackTrace = (error, sites) => sites
  return (limit, below) => {
    Error.stackTraceLimit = limit
    const holder = {}
    captureStackTrace(holder, below)
    return holder.stack
  }
})()`

export function createStackReader(): StackReader {
  let reader: StackReader | undefined
  const open = (): StackReader =>
    (reader ??= runInNewContext(SOURCE, undefined, { filename: 'loopscope:realm' }) as StackReader)
  setImmediate(open).unref()
  return (limit, below) => open()(limit, below)
}
