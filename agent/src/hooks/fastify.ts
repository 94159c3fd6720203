/**
 * Fastify: the channel `fastify.initialization` gives each new instance before its first plugin, so an onRequest hook set
 * there is the first of all and reaches every encapsulated child. The route's template, prefix included, is in the config
 * of the request's route context; the 404 handler has none. `request.routeOptions` would say the same, but builds an object
 * on each read (0.3 to 1 us). It goes straight to the instance's hooks, which has no children by then: `addHook` would make
 * a plugin of it, and the program would see one more in printPlugins().
 */
import { subscribe } from 'node:diagnostics_channel'
import type { BuiltinHook, HookContext } from './hook.ts'
import { ACTIVITY, type ObservedRequest } from './http.ts'
import { FastifyLayers, type RouteContext } from './support/fastify-layers.ts'
import { symbolOf } from './support/symbol-of.ts'

const MAJORS = [4, 5]

interface FastifyRequest {
  raw: ObservedRequest
  routeOptions?: { url?: string | undefined }
  [context: symbol]: (RouteContext & { config?: { url?: string } }) | undefined
}

type OnRequest = (request: FastifyRequest, reply: unknown, done: () => void) => void

interface FastifyInstance {
  version: string
  addHook(name: 'onRequest', hook: OnRequest): unknown
  [hooks: symbol]: { add?(name: 'onRequest', hook: OnRequest): void } | undefined
}

export const fastify: BuiltinHook = {
  name: 'fastify',
  start({ recorder, activities, seen }: HookContext) {
    const versions = new Set<string>()
    const layers = activities.layers && new FastifyLayers(activities.layers)

    /** For one instance: each copy of Fastify has a symbol of its own. */
    function routeHook(): OnRequest {
      let key: symbol | undefined
      return function onRequest(request, _reply, done) {
        try {
          const activity = request.raw[ACTIVITY]
          if (activity !== undefined) {
            key ??= contextKey(request)
            const context = key === undefined ? undefined : request[key]
            const template = context === undefined ? request.routeOptions?.url : context.config?.url
            if (template !== undefined) activities.setRoute(activity, recorder.name(template === '' ? '/' : template))
            if (activity.layers !== undefined && context !== undefined) layers?.measured(context)
          }
        } catch {
          // The program comes first.
        }
        done()
      }
    }

    subscribe('fastify.initialization', (message) => {
      try {
        const { fastify: instance } = message as { fastify: FastifyInstance }
        const { version } = instance
        const known = MAJORS.includes(Number.parseInt(version, 10))
        if (known) addFirst(instance, routeHook())
        if (versions.has(version)) return
        versions.add(version)
        const row = { module: 'fastify', version }
        if (known) seen({ ...row, how: 'channel' })
        else seen({ ...row, how: 'none', why: `major version not known; tested: ${MAJORS.join(', ')}` })
      } catch {
        // What a subscriber throws would end the process.
      }
    })
  },
}

function addFirst(instance: FastifyInstance, hook: OnRequest): void {
  const key = symbolOf(instance, 'fastify.hooks')
  const hooks = key === undefined ? undefined : instance[key]
  if (hooks?.add) hooks.add('onRequest', hook)
  else instance.addHook('onRequest', hook)
}

function contextKey(request: FastifyRequest): symbol | undefined {
  return symbolOf(request, 'fastify.context')
}
