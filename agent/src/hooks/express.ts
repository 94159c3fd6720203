/**
 * Express 4 and 5: what is mounted where is noted at registration; the dispatch of a route, just before its handlers, costs
 * one lookup. `tracing:express.router.request` (5.3) would cost an object and a context switch for every layer.
 *
 *   application.use, Router.use   which router or application hangs below which, at which path
 *   Router.route                  in which router a route is
 *   Route.dispatch                the route of the request is known
 */
import type { Activity } from '../program/activity.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { ACTIVITY, type ObservedRequest } from './http.ts'
import { ExpressLayers, type Layer } from './support/express-layers.ts'
import { bestCandidate, Mounts, type Candidate } from './support/mounts.ts'
import { patchMethods, type Method } from './support/patch.ts'

interface Router {
  stack: Layer[]
}

interface Application {
  /** Express 4; there, reading `router` throws. */
  _router?: object
  /** Express 5. */
  router?: object
}

interface Route {
  path: unknown
}

type Request = ObservedRequest & { baseUrl?: string; app?: Application }

interface Express {
  application: object
  Router: { prototype: object }
  Route: { prototype: object }
}

/** What is known of a route: where it could be, and the names of these places. */
interface Place {
  readonly router: object
  generation: number
  candidates: Candidate[]
  names: number[]
}

export const express: PackageHook = {
  name: 'express',
  package: 'express',
  files: [{ file: 'lib/express.js' }],
  majors: [4, 5],
  how: 'patch',
  start({ recorder, activities }: HookContext, exports: Express, version: string) {
    const mounts = new Mounts()
    const layers = activities.layers && new ExpressLayers(activities.layers)
    const places = new WeakMap<object, Place>()
    const rooted = new WeakSet<object>()
    const isFirst = version.startsWith('4.')
    const routers = isFirst ? exports.Router : exports.Router.prototype
    let lastApplication: Application | undefined

    /** An application creates its router late; the first dispatch tells which one it is. */
    function root(application: Application): void {
      lastApplication = application
      if (rooted.has(application)) return
      rooted.add(application)
      const router = isFirst ? application._router : application.router
      if (router) mounts.add(router, application, '/')
    }

    function observe(activity: Activity, route: Route, request: Request): void {
      const { app } = request
      if (app !== undefined && app !== lastApplication) root(app)
      const place = places.get(route)
      if (place === undefined) return
      if (place.generation !== mounts.generation) {
        place.generation = mounts.generation
        place.candidates = mounts.candidates(place.router, route.path)
        place.names = place.candidates.map(({ template }) => recorder.name(template))
      }
      const { names } = place
      const which = names.length === 1 ? 0 : bestCandidate(place.candidates, request.baseUrl ?? '')
      activities.setRoute(activity, names[which]!)
    }

    /** Of those that are running: an application's `use` goes on to its router's, and below it is the program's line. */
    let outermost: Method | undefined
    const site = (): number => (outermost === undefined ? 0 : (activities.layers?.site(outermost) ?? 0))

    const safely =
      (note: (self: never, args: ArrayLike<never>, result: never, before: number) => void) =>
      (original: Method): Method =>
        function registered(this: unknown, ...args: never[]): unknown {
          const before = (this as Partial<Router>).stack?.length ?? 0
          const isOutermost = outermost === undefined
          outermost ??= registered
          try {
            const result = Reflect.apply(original, this, args)
            try {
              note(this as never, args, result as never, before)
            } catch {
              // The program comes first.
            }
            return result
          } finally {
            if (isOutermost) outermost = undefined
          }
        }

    const noteMounts = safely((router: Router, args: ArrayLike<unknown>, _result: unknown, before: number) => {
      const path = pathOf(args[0])
      const added = router.stack.slice(before)
      for (const { handle } of added) if (isMountable(handle)) mounts.add(handle, router, path)
      layers?.registered(added, site())
    })

    /** Routers go on to the application's own router, and are noted there; applications are wrapped by then. */
    const noteApplications = safely((application: object, args: ArrayLike<unknown>) => {
      const path = pathOf(args[0])
      for (const each of Array.from(args).flat(Infinity)) if (isApplication(each)) mounts.add(each, application, path)
    })

    const noteRoute = safely((router: Router, _args: unknown, route: object, before: number) => {
      places.set(route, { router, generation: -1, candidates: [], names: [] })
      if (layers === undefined) return
      layers.registered(router.stack.slice(before), 0)
      layers.registeredRoute(route, site())
    })

    function wrapDispatch(original: Method): Method {
      function dispatch(this: unknown, request: Request): unknown {
        const activity = request[ACTIVITY]
        if (activity !== undefined) {
          try {
            observe(activity, this as Route, request)
            if (activity.layers !== undefined) layers?.dispatching(activity.layers, this as Route)
          } catch {
            // The program comes first.
          }
        }
        // Also where middleware has lost the context: a body parser on Node 22, a session store that calls back.
        if (activity !== undefined) return activities.callIn(activity, original, this, arguments) // eslint-disable-line prefer-rest-params
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return dispatch as Method
    }

    patchMethods([
      [routers, 'use', noteMounts],
      [exports.application, 'use', noteApplications],
      [routers, 'route', noteRoute],
      [exports.Route.prototype, 'dispatch', wrapDispatch],
    ])
  },
}

/** As Express reads the first argument of `use`: a path, unless it is (an array of) functions. */
function pathOf(first: unknown): unknown {
  let inner = first
  while (Array.isArray(inner) && inner.length > 0) inner = (inner as unknown[])[0]
  return typeof inner === 'function' ? '/' : first
}

function isApplication(value: unknown): value is object {
  return typeof value === 'function' && 'handle' in value && 'set' in value
}

function isMountable(value: unknown): value is object {
  return typeof value === 'function' && ('stack' in value || isApplication(value))
}
