/**
 * Hono: the router's answer holds all handlers that match, in order, each with its route, base paths included; middleware is
 * among them. Hono itself tells the two apart by the number of parameters (hono/dev), and so does this. Its own matched
 * routes (`c.req`) would come with a request object that many a handler does without.
 *
 * A router replaces its `match` by a quicker one when it has been built; that is taken as well. The activity is the current
 * one: a router knows no request. Only the first match of a request counts: `app.request()` inside of a handler is no other.
 */
import type { HookContext, PackageHook } from './hook.ts'
import { disguise, patchMethods, type Method } from './support/patch.ts'

type Handler = ((...args: unknown[]) => unknown) & { __COMPOSED_HANDLER?: Handler }
type Entry = [[Handler, { method: string; path: string }], unknown]

interface Router {
  match: (this: unknown, ...args: never[]) => unknown
}

/** Not the smart router, which asks one of these. */
const ROUTERS = {
  'reg-exp-router': 'RegExpRouter',
  'trie-router': 'TrieRouter',
  'linear-router': 'LinearRouter',
  'pattern-router': 'PatternRouter',
}

export const hono: PackageHook = {
  name: 'hono',
  package: 'hono',
  files: Object.entries(ROUTERS).flatMap(([folder, variable]) => [
    { file: `dist/router/${folder}/router.js`, variable },
    { file: `dist/cjs/router/${folder}/router.js`, variable },
  ]),
  majors: [4],
  how: 'patch',
  start({ recorder, activities }: HookContext, router: { prototype: object }) {
    const observed = new WeakSet<object>()

    function observe(result: unknown): void {
      const activity = activities.current()
      if (activity === undefined || activity.route !== 0 || activity.kind !== 'request') return
      const template = templateOf((result as [Entry[]])[0])
      if (template !== undefined) activities.setRoute(activity, recorder.name(template))
    }

    const wrapMatch = (original: Method): Method => {
      function match(this: Router): unknown {
        const result: unknown = Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
        try {
          observe(result)
          if (this.match !== match) observeOwn(this)
        } catch {
          // The program comes first.
        }
        return result
      }
      return match as Method
    }

    /** A `match` that the router itself has put there. */
    function observeOwn(of: Router): void {
      const { match } = of
      if (observed.has(match)) return
      const wrapped = disguise(wrapMatch(match as Method), match)
      observed.add(wrapped)
      of.match = wrapped
    }

    const wrapAdd = (original: Method): Method =>
      function (this: unknown, ...args: never[]): unknown {
        const result = Reflect.apply(original, this, args)
        try {
          if (Object.hasOwn(this as Router, 'match')) observeOwn(this as Router)
        } catch {
          // The program comes first.
        }
        return result
      }

    if (Object.hasOwn(router.prototype, 'match')) patchMethods([[router.prototype, 'match', wrapMatch]])
    else patchMethods([[router.prototype, 'add', wrapAdd]])
  },
}

/** The path of the first handler that is no middleware. */
function templateOf(entries: readonly Entry[]): string | undefined {
  let last: string | undefined
  let everything: string | undefined
  for (let i = 0; i < entries.length; i++) {
    const [handler, route] = entries[i]![0]
    const isForAll = route.method === 'ALL'
    if (parametersOf(handler) < 2) {
      if (!isForAll || !route.path.endsWith('*')) return route.path
      everything ??= route.path
    } else if (!isForAll) last = route.path
  }
  return last ?? everything
}

/** Of a handler below an `onError` of its own, what is behind the wrapper. */
function parametersOf(handler: Handler): number {
  let inner = handler
  while (inner.__COMPOSED_HANDLER !== undefined) inner = inner.__COMPOSED_HANDLER
  return inner.length
}
