/**
 * pg-pool 3, also under `pg`: who asks for a client, who holds one, where it was asked for. pool.query goes through connect.
 *
 *   connect     one lease per checkout: asked now, taken when its callback gets the client, failed when it gets an error
 *   _release    the lease is given back; the second release of a client throws before it comes here
 *   newClient   runs outside of any activity: the connection outlives the one that happened to open it, and Node runs what
 *               comes over a socket in the context in which the socket was made
 */
import type { Lease, Pool, PoolState } from '../program/pools.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { patchMethods, type Method } from './support/patch.ts'
import { databaseName, holders, poolNames, type ConnectionOptions } from './support/postgres.ts'

interface PgPool {
  options: ConnectionOptions
  Promise: PromiseConstructor
  ended?: boolean
  totalCount: number
  idleCount: number
  waitingCount: number
}

type Callback = (error: Error | undefined, client?: object, release?: unknown) => unknown

interface Observed {
  pool: Pool
  name: string
}

const TIMED_OUT = new Set([
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
])

export const pgPool: PackageHook = {
  name: 'pg-pool',
  package: 'pg-pool',
  files: [{ file: 'index.js' }],
  majors: [3],
  how: 'patch',
  start({ activities, pools }: HookContext, exports: { prototype: object }) {
    const observed = new WeakMap<PgPool, Observed>()
    /** One entry for each client, made once: setting a key of a WeakMap costs more than all the rest. */
    const slots = new WeakMap<object, { lease: Lease | undefined }>()

    function observe(pool: PgPool): Observed {
      const known = observed.get(pool)
      if (known) return known
      const name = databaseName(pool.options, process.env)
      const weak = new WeakRef(pool)
      const state = (): PoolState | undefined => {
        const alive = weak.deref()
        if (alive === undefined || alive.ended === true) return undefined
        const { totalCount, idleCount, waitingCount } = alive
        return { used: totalCount - idleCount, idle: idleCount, pending: waitingCount }
      }
      const created = { pool: pools.create('db', 'postgresql', name, Number(pool.options.max), state), name }
      observed.set(pool, created)
      return created
    }

    function answered(lease: Lease, name: string, error: Error | undefined, client: object | undefined): void {
      try {
        if (error || client === undefined) {
          pools.fail(lease, error !== undefined && TIMED_OUT.has(error.message))
        } else {
          pools.take(lease)
          if (!activities.carried) holders.set(client, lease.activity)
          const slot = slots.get(client)
          if (slot) slot.lease = lease
          else {
            slots.set(client, { lease })
            poolNames.set(client, name)
          }
        }
      } catch {
        // The program comes first.
      }
    }

    function wrapConnect(original: Method): Method {
      function connect(this: PgPool, callback?: Callback): unknown {
        let lease: Lease
        let name: string
        try {
          const { pool, name: known } = observe(this)
          name = known
          lease = pools.ask(pool, connect as Method)
        } catch {
          return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
        }
        const then =
          (answer: Callback): Callback =>
          (...args) => {
            answered(lease, name, args[0], args[1])
            return activities.callIn(lease.activity, answer, undefined, args)
          }
        const ask = (answer: Callback): unknown => {
          try {
            return Reflect.apply(original, this, [then(answer)] as never)
          } catch (error) {
            answered(lease, name, error as Error, undefined)
            throw error
          }
        }
        if (callback) return ask(callback)
        // As pg-pool makes its promise, the renewed stack included.
        let settle: Callback | undefined
        const promise = new this.Promise((resolve, reject) => {
          settle = (error, client) => (error ? reject(error) : resolve(client))
        }).catch((error: unknown) => {
          if (error instanceof Error) Error.captureStackTrace(error)
          throw error
        })
        ask(settle!)
        return promise
      }
      return connect as Method
    }

    function wrapRelease(original: Method): Method {
      function _release(this: unknown, client: object): unknown {
        const slot = slots.get(client)
        if (slot?.lease) {
          try {
            pools.giveBack(slot.lease)
            if (!activities.carried) holders.delete(client)
          } catch {
            // The program comes first.
          }
          slot.lease = undefined
        }
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return _release as Method
    }

    function wrapNewClient(original: Method): Method {
      function newClient(this: unknown): unknown {
        return activities.callIn(undefined, original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return newClient as Method
    }

    patchMethods([
      [exports.prototype, 'connect', wrapConnect],
      [exports.prototype, '_release', wrapRelease],
      [exports.prototype, 'newClient', wrapNewClient],
    ])
  },
}
