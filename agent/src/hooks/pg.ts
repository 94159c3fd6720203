/**
 * pg 8: a query is a wait of its activity ("db"), and holds it: a query of a request that is answered already, and one that
 * fails then, are seen. Results come over a connection that is shared by all, so callbacks are called in their activity.
 * Cursors and streams (objects with `submit`) and callbacks inside of a config object are passed through unseen.
 * Costs two events and, in the promise form, one more promise.
 */
import { PART } from '@loopscope/collector/protocol'
import type { Activity } from '../program/activity.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { patchMethods, type Method } from './support/patch.ts'
import { databaseName, holders, poolNames, type ConnectionOptions } from './support/postgres.ts'

interface Client {
  connectionParameters?: ConnectionOptions
}

type Over = (failed: boolean) => void

export const pg: PackageHook = {
  name: 'pg',
  package: 'pg',
  files: [{ file: 'lib/client.js' }],
  majors: [8],
  how: 'patch',
  start({ recorder, activities }: HookContext, exports: { prototype: object }) {
    const names = new WeakMap<Client, number>()

    function nameOf(client: Client): number {
      let name = names.get(client)
      if (name === undefined) {
        const database = poolNames.get(client) ?? databaseName(client.connectionParameters ?? {}, process.env)
        name = recorder.name(`db${PART}postgresql ${database}`)
        names.set(client, name)
      }
      return name
    }

    function begin(activity: Activity, client: Client): Over {
      const operation = activities.wait(activity, nameOf(client))
      activities.hold(activity)
      let isOver = false
      return (failed) => {
        if (isOver) return
        isOver = true
        activities.resume(operation)
        activities.release(activity, failed)
      }
    }

    function wrap(original: Method): Method {
      function query(this: unknown, ...args: unknown[]): unknown {
        const activity = activities.current() ?? (activities.carried ? undefined : holders.get(this as Client))
        if (activity === undefined || !isPlain(args[0])) return Reflect.apply(original, this, args as never[])
        const over = begin(activity, this as Client)
        const at = typeof args[2] === 'function' ? 2 : typeof args[1] === 'function' ? 1 : -1
        if (at !== -1) {
          const callback = args[at] as (...args: unknown[]) => unknown
          args[at] = function (this: unknown, ...answer: unknown[]) {
            over(Boolean(answer[0]))
            return activities.callIn(activity, callback, this, answer)
          }
        }
        let result: unknown
        try {
          result = Reflect.apply(original, this, args as never[])
        } catch (error) {
          over(true)
          throw error
        }
        return at === -1 ? watch(result, over, () => activities.goOn(activity)) : result
      }
      return query as Method
    }

    patchMethods([[exports.prototype, 'query', wrap]])
  },
}

/** A text, or a config without a callback and without a life of its own. */
function isPlain(query: unknown): boolean {
  if (typeof query === 'string') return true
  if (typeof query !== 'object' || query === null) return false
  return !('submit' in query && typeof query.submit === 'function') && !('callback' in query && query.callback)
}

/** The promise that is passed on fails as the first one does: unhandled if nobody handles it, with the stack that pg renews. */
function watch(result: unknown, over: Over, goOn: () => void): unknown {
  if (!(result instanceof Object && 'then' in result && typeof result.then === 'function')) {
    over(false)
    return result
  }
  return (result as Promise<unknown>).then(
    (value) => {
      over(false)
      goOn()
      return value
    },
    (error: unknown) => {
      over(true)
      goOn()
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    },
  )
}
