/** What the hooks of undici's channels and of its pools tell each other: one for each observed thread. */
import type { HookContext } from '../hook.ts'
import { Calls, type Call } from './calls.ts'

export interface UndiciCalls {
  readonly calls: Calls
  /** Whether the channels are subscribed to. */
  isOn: boolean
  /** Begins a call for the current activity. */
  ask: ((origin: string, below: (...args: never[]) => unknown) => Call) | undefined
  /** The pool that dispatches right now. */
  pool: { client: object; limit: number } | undefined
  /** The call that comes out of a pool's queue right now: the request that is created next is its. */
  dequeued: Call | undefined
}

const known = new WeakMap<object, UndiciCalls>()

export function undiciCalls(context: HookContext): UndiciCalls {
  let shared = known.get(context.pools)
  if (shared === undefined) {
    const calls = new Calls(context, 'undici')
    known.set(context.pools, (shared = { calls, isOn: false, ask: undefined, pool: undefined, dequeued: undefined }))
  }
  return shared
}
