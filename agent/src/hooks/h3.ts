/**
 * h3: the router's answer is the route that matched; a mounted app's routes are copied with their prefix. An app that is only
 * called below a prefix (`withBase`) looks for a second route, on a path without it: its prefix is put before the template, if
 * it stands in the outer route or in a `use`. The tracing channel of h3 is there only for programs that register its plugin,
 * and wraps all handlers.
 *
 * The entry of the package is hooked, not the chunk with the classes, whose name is the bundler's. On Node h3 is served by srvx
 * through node:http, which sees the requests; an `app.request()` in a handler has no request of Node's, and is no other route.
 */
import type { Activity } from '../program/activity.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { ACTIVITY, type ObservedRequest } from './http.ts'
import { patchMethods, type Method } from './support/patch.ts'

/** On the event: what an app that is nested in another one continues. */
const OUTER = Symbol('loopscope.route')

interface Outer {
  path: string
  template: string
}

interface Event {
  url: { pathname: string }
  req: object
  runtime?: { node?: { req?: ObservedRequest } }
  [OUTER]?: Outer
}

interface Match {
  data: { route: string }
}

const BELOW = '/**'
/** Of `use('/api/**', …)`: there are not many. */
const MAX_PREFIXES = 1000

/** Both entries have the same class. */
const patched = new WeakSet<object>()

export const h3: PackageHook = {
  name: 'h3',
  package: 'h3',
  files: [
    { file: 'dist/_entries/node.mjs', variable: 'H3' },
    { file: 'dist/_entries/generic.mjs', variable: 'H3' },
  ],
  majors: [2],
  how: 'patch',
  start({ recorder, activities }: HookContext, app: { prototype: object }) {
    if (patched.has(app.prototype)) return
    const prefixes = new Set<string>()

    /** Not that of another framework, nor of the request around an `app.request()`. */
    function activityOf(event: Event): Activity | undefined {
      const request = event.runtime?.node?.req
      if (request !== undefined) return request[ACTIVITY]
      const activity = activities.current()
      return activity?.kind === 'request' && activity.route === 0 ? activity : undefined
    }

    function observe(event: Event, match: Match | undefined): void {
      const outer = event[OUTER]
      if (outer === undefined) {
        const template = match === undefined ? '' : templateOf(match)
        event[OUTER] = { path: event.url.pathname, template }
        if (template !== '') tell(event, template, false)
      } else if (match !== undefined) tell(event, prefixOf(outer, event.url.pathname) + templateOf(match), true)
    }

    function tell(event: Event, template: string, isNested: boolean): void {
      const activity = activityOf(event)
      if (activity !== undefined && (isNested || activity.route === 0))
        activities.setRoute(activity, recorder.name(template))
    }

    /** What was taken off the path, if the program has written it itself: it may as well be a tenant's name. */
    function prefixOf({ path, template }: Outer, rest: string): string {
      const prefix = path.endsWith(rest) ? path.slice(0, path.length - rest.length) : ''
      return prefix !== '' && (template === prefix + BELOW || prefixes.has(prefix)) ? prefix : ''
    }

    const wrapFind = (original: Method): Method =>
      function (this: unknown): unknown {
        const match: unknown = Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
        try {
          observe(arguments[0] as Event, match as Match | undefined) // eslint-disable-line prefer-rest-params
        } catch {
          // The program comes first.
        }
        return match
      }

    const wrapUse = (original: Method): Method =>
      function (this: unknown, ...args: unknown[]): unknown {
        const [path] = args
        if (typeof path === 'string' && path.endsWith(BELOW) && prefixes.size < MAX_PREFIXES)
          prefixes.add(path.slice(0, -BELOW.length))
        return Reflect.apply(original, this, args)
      }

    patchMethods([
      [app.prototype, '~findRoute', wrapFind],
      [app.prototype, 'use', wrapUse],
    ])
    patched.add(app.prototype)
  },
}

/** The `/` of an app that is mounted at `/api` is `/api/`. */
function templateOf({ data: { route } }: Match): string {
  return route.length > 1 && route.endsWith('/') ? route.slice(0, -1) : route
}
