/**
 * undici's Pool with a limit (`connections`): a call that finds all connections busy is put in the pool's queue, and becomes a
 * request, with the channel's `create`, when it is its turn: in the context of the call that went before (6, 7), and without the
 * time that it waited. So the pool's own `dispatch` is patched, for what it puts aside, and that of its clients, for what comes
 * out again. Both are methods under a symbol, which the caller of undici does not see. The limit is the pool's.
 */
import type { HookContext, PackageHook } from './hook.ts'
import type { Call } from './support/calls.ts'
import { patchMethods, type Method } from './support/patch.ts'
import { undiciCalls } from './support/undici-calls.ts'

type Dispatcher = Record<symbol, unknown> & { destroyed?: boolean }

interface Queued {
  call: Call
  pool: Dispatcher
}

export const undiciPool: PackageHook = {
  name: 'undici-pool',
  package: 'undici',
  files: [{ file: 'lib/dispatcher/pool-base.js' }],
  majors: [6, 7, 8],
  how: 'patch',
  start(context: HookContext, exports: { PoolBase: { prototype: object } }) {
    const { prototype } = exports.PoolBase
    const dispatchKey = symbolOf(prototype, 'dispatch')
    const addKey = symbolOf(prototype, 'add client')
    if (dispatchKey === undefined || addKey === undefined) throw new Error('PoolBase has no dispatch or no add client')
    const shared = undiciCalls(context)
    const { calls } = shared
    if (!shared.isOn) return
    const queued = new Map<object, Queued>()
    const patched = new WeakSet<object>([prototype])
    let keys: { count: symbol; connections: symbol | undefined; url: symbol | undefined } | undefined

    /** The pool's fields, by the symbols of its copy of undici. */
    function keysOf(pool: Dispatcher): NonNullable<typeof keys> | undefined {
      const count = symbolOf(pool, 'queued')
      if (count === undefined) return undefined
      return { count, connections: symbolOf(pool, 'connections'), url: symbolOf(pool, 'url') }
    }

    /** What was dropped from a queue without becoming a request (the pool was destroyed, the call was aborted) is over. */
    calls.onSweep = () => {
      if (queued.size === 0 || keys === undefined) return
      const left = new Map<Dispatcher, number>()
      for (const { pool } of queued.values()) left.set(pool, (left.get(pool) ?? 0) + 1)
      for (const [handler, { call, pool }] of queued) {
        const count = left.get(pool)!
        if (pool.destroyed !== true && count <= (pool[keys.count] as number)) continue
        left.set(pool, count - 1)
        queued.delete(handler)
        calls.end(call, true)
      }
    }

    function putAside(pool: Dispatcher, handler: object, below: Method): void {
      try {
        const url = keys?.url && (pool[keys.url] as URL | undefined)
        if (shared.ask && url) queued.set(handler, { call: shared.ask(url.origin, below), pool })
      } catch {
        // The program comes first.
      }
    }

    /** Of a pool, whose queue is looked at, and of a client, which has none. */
    function wrapDispatch(original: Method): Method {
      function dispatch(this: Dispatcher, opts: never, handler: never): unknown {
        const outer = shared.pool
        const outerCall = shared.dequeued
        const isPool = this instanceof (exports.PoolBase as never)
        const mine = queued.size === 0 ? undefined : queued.get(handler)
        let before = 0
        if (mine) {
          queued.delete(handler)
          shared.dequeued = mine.call
        }
        if (isPool) {
          keys ??= keysOf(this)
          if (keys) {
            before = this[keys.count] as number
            const limit = keys.connections && this[keys.connections]
            shared.pool = typeof limit === 'number' ? { client: this, limit } : undefined
          }
        }
        try {
          return original.call(this, opts, handler)
        } finally {
          const again = isPool && keys !== undefined && (this[keys.count] as number) > before
          if (mine && shared.dequeued === mine.call) {
            // It became no request: it waits in another queue, or it failed.
            if (again) queued.set(handler, { call: mine.call, pool: this })
            else calls.end(mine.call, true)
          } else if (again) putAside(this, handler, dispatch as Method)
          if (mine) shared.dequeued = outerCall
          shared.pool = outer
        }
      }
      return dispatch as Method
    }

    /** The first client of each class shows where its dispatch is. */
    function wrapAdd(original: Method): Method {
      function addClient(this: unknown, client: never): unknown {
        try {
          let at: object | null = client
          while (at !== null && !Object.hasOwn(at, dispatchKey!)) at = Object.getPrototypeOf(at) as object | null
          if (at !== null && !patched.has(at)) {
            patched.add(at)
            patchMethods([[at, dispatchKey!, wrapDispatch]])
          }
        } catch {
          // The program comes first.
        }
        return original.call(this, client)
      }
      return addClient as Method
    }

    patchMethods([
      [prototype, dispatchKey, wrapDispatch],
      [prototype, addKey, wrapAdd],
    ])
  },
}

function symbolOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description)
}
