/**
 * Hapi: a request looks its route up after the program's onRequest extensions, which may change its URL, and before all else;
 * that is where it is taken, prefixes of plugins included. An extension of the agent's own would be a promise more for every
 * request. The special routes, which answer for 404, 400 and a preflight without a route, have no template.
 */
import type { HookContext, PackageHook } from './hook.ts'
import { ACTIVITY, type ObservedRequest } from './http.ts'
import { patchMethods, type Method } from './support/patch.ts'

interface Request {
  raw: { req: ObservedRequest }
  _route: { path: string; _special: boolean }
}

export const hapi: PackageHook = {
  name: 'hapi',
  package: '@hapi/hapi',
  files: [{ file: 'lib/request.js' }],
  majors: [21],
  how: 'patch',
  start({ recorder, activities }: HookContext, request: { prototype: object }) {
    function observe({ raw, _route: route }: Request): void {
      const activity = raw.req[ACTIVITY]
      if (activity !== undefined && !route._special) activities.setRoute(activity, recorder.name(route.path))
    }

    function wrap(original: Method): Method {
      function lookup(this: unknown): unknown {
        const result = Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
        try {
          observe(this as Request)
        } catch {
          // The program comes first.
        }
        return result
      }
      return lookup as Method
    }

    patchMethods([[request.prototype, '_lookup', wrap]])
  },
}
