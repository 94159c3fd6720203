/**
 * The layers of Fastify: the hooks of a route and its handler, all in the route's context, which the first request that is
 * measured leads to: there they are wrapped in place, once, invisible to `printRoutes` and to the checks of `addHook`.
 */
import type { LayerKind } from '@loopscope/collector/protocol'
import type { Layers } from '../../program/layers.ts'
import { watch } from '../../program/watch.ts'
import { ACTIVITY, type ObservedRequest } from '../http.ts'
import { passing } from './layer-calls.ts'
import { disguise, type Method } from './patch.ts'

/** In the order in which a request passes them. */
const HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization', 'onSend'] as const

type Hooks = Partial<Record<(typeof HOOKS)[number], Method[] | null>>
export type RouteContext = Hooks & { handler?: Method }

interface Request {
  raw: ObservedRequest
}

interface Reply {
  raw: { writableEnded: boolean }
}

export class FastifyLayers {
  readonly #layers: Layers
  readonly #seen = new WeakSet<object>()

  constructor(layers: Layers) {
    this.#layers = layers
  }

  measured(context: RouteContext): void {
    if (this.#seen.has(context)) return
    this.#seen.add(context)
    for (const name of HOOKS) {
      const hooks = context[name]
      if (!Array.isArray(hooks)) continue
      for (const [place, hook] of hooks.entries()) {
        // The first of all is the agent's own, which calls this.
        if (name !== 'onRequest' || place > 0) hooks[place] = this.#wrap(hook, 'hook', `${name} ${nameOf(hook)}`)
      }
    }
    if (context.handler) context.handler = this.#wrap(context.handler, 'handler', nameOf(context.handler))
  }

  #wrap(original: Method, kind: LayerKind, name: string): Method {
    const layer = this.#layers.name(kind, name)
    const isHook = kind === 'hook'
    function call(this: unknown, ...args: never[]): unknown {
      const [request, reply] = args as unknown as [Request, Reply]
      const run = request.raw[ACTIVITY]?.layers
      if (run === undefined) return Reflect.apply(original, this, args)
      const one = run.enter(layer)
      const done = args.at(-1) as unknown
      let isOver = false
      try {
        const given =
          isHook && typeof done === 'function' ? [...args.slice(0, -1), passing(run, one, done as Method)] : args
        const result = Reflect.apply(original, this, given)
        // What a handler returns at once is its answer.
        if (!(result instanceof Promise))
          isOver = reply.raw.writableEnded || (!isHook && result !== undefined && result !== reply)
        return watch(
          result,
          () => run.pass(one),
          () => run.pass(one, true),
        )
      } catch (error) {
        one.failed = isOver = true
        throw error
      } finally {
        run.leave(one, isOver)
      }
    }
    return disguise(call, original)
  }
}

/** They are bound to their instance. */
function nameOf({ name }: Method): string {
  const own = name.replace(/^bound /, '')
  return own === '' ? '(anonymous)' : own
}
