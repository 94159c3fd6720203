/**
 * undici's Pool with a limit (`connections`): a call that finds all connections busy is put in the pool's queue, and becomes a
 * request, with the channel's `create`, when it is its turn: in the context of the call that went before (6, 7), and without the
 * time that it waited. So the pool's own `dispatch` is patched, for what it puts aside, and that of its clients, for what comes
 * out again. Both are methods under a symbol, which the caller of undici does not see. The limit is the pool's.
 */
import type { HookContext, PackageHook } from './hook.ts'
import type { Call } from './support/calls.ts'
import { patchMethods, type Method } from './support/patch.ts'
import { symbolOf } from './support/symbol-of.ts'
import { undiciCalls } from './support/undici-calls.ts'

type Dispatcher = Record<symbol, unknown> & { destroyed?: boolean }

/** The fields of a pool, by the symbols of its copy of undici. */
interface Keys {
  count: symbol
  connections: symbol | undefined
  url: symbol | undefined
  clients: symbol | undefined
}

interface Queued {
  call: Call
  pool: Dispatcher
  /** Where the pool says how many are in its queue. */
  count: symbol
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
    const keys = new WeakMap<object, Keys | undefined>()

    /** Each class of pools has other fields. */
    function keysOf(pool: Dispatcher): Keys | undefined {
      const kind = Object.getPrototypeOf(pool) as object
      if (!keys.has(kind)) {
        const count = symbolOf(pool, 'queued')
        const [connections, url, clients] = ['connections', 'url', 'clients'].map((name) => symbolOf(pool, name))
        keys.set(kind, count && { count, connections, url, clients })
      }
      return keys.get(kind)
    }

    /** A balanced pool has none of its own: its first upstream's. */
    function originOf(pool: Dispatcher, { url, clients }: Keys): string | undefined {
      if (url !== undefined) return (pool[url] as URL | undefined)?.origin
      const first = clients && (pool[clients] as Dispatcher[])[0]
      const key = first && symbolOf(first, 'url')
      return key && (first[key] as URL | undefined)?.origin
    }

    /** What was dropped from a queue without becoming a request (the pool was destroyed, the call was aborted) is over. */
    calls.sweeps.push(() => {
      if (queued.size === 0) return
      const left = new Map<Dispatcher, number>()
      for (const { pool } of queued.values()) left.set(pool, (left.get(pool) ?? 0) + 1)
      for (const [handler, { call, pool, count }] of queued) {
        const known = left.get(pool)!
        if (pool.destroyed !== true && known <= (pool[count] as number)) continue
        left.set(pool, known - 1)
        queued.delete(handler)
        calls.end(call, true)
      }
    })

    function putAside(pool: Dispatcher, fields: Keys, handler: object, below: Method): void {
      try {
        const origin = originOf(pool, fields)
        if (shared.ask && origin) queued.set(handler, { call: shared.ask(origin, below), pool, count: fields.count })
      } catch {
        // The program comes first.
      }
    }

    /** Of a pool, whose queue is looked at, and of a client, which has none. */
    function wrapDispatch(original: Method): Method {
      function dispatch(this: Dispatcher, opts: never, handler: never): unknown {
        const outer = shared.pool
        const outerCall = shared.dequeued
        const fields = this instanceof (exports.PoolBase as never) ? keysOf(this) : undefined
        const before = fields ? (this[fields.count] as number) : 0
        const mine = queued.size === 0 ? undefined : queued.get(handler)
        if (mine) {
          queued.delete(handler)
          shared.dequeued = mine.call
        }
        if (fields) {
          const limit = fields.connections && this[fields.connections]
          shared.pool = typeof limit === 'number' ? { client: this, limit } : undefined
        }
        try {
          return original.call(this, opts, handler)
        } finally {
          const isQueued = fields !== undefined && (this[fields.count] as number) > before
          if (mine && shared.dequeued === mine.call) {
            // It became no request: it waits in another queue, or it failed.
            if (isQueued) queued.set(handler, { call: mine.call, pool: this, count: fields.count })
            else calls.end(mine.call, true)
          } else if (isQueued) putAside(this, fields, handler, dispatch as Method)
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
