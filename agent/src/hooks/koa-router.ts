/**
 * @koa/router: the route is the path of the layer whose handlers are about to run. Its path has all prefixes in it: mounting
 * copies layers. Several layers may match one request and the first may answer it, so the match says too little: each layer
 * computes its parameters just before its handlers, in the request's async context, and that is where it is taken.
 */
import type { HookContext, PackageHook } from './hook.ts'
import { koaLayer } from './support/koa-layers.ts'
import { patchMethods, type Method } from './support/patch.ts'

interface Layer {
  path: unknown
  /** Empty for middleware: `router.use`. */
  methods: readonly string[]
  stack: Method[]
}

export const koaRouter: PackageHook = {
  name: 'koa-router',
  package: '@koa/router',
  files: [
    { file: 'lib/layer.js' },
    { file: 'dist/index.js', variable: 'Layer' },
    { file: 'dist/index.mjs', variable: 'Layer' },
  ],
  majors: [12, 13, 14, 15],
  how: 'patch',
  start({ recorder, activities }: HookContext, layer: { prototype: object }) {
    if (layer === undefined) throw new Error('no Layer in it')

    const measured = new WeakSet<object>()

    function observe(layer: Layer): void {
      const { path, methods } = layer
      const activity = activities.current()
      // From the next request on: the stack of this one is taken already.
      if (activity?.layers !== undefined && !measured.has(layer)) measure(layer)
      if (methods.length === 0) return
      if (activity) activities.setRoute(activity, recorder.name(String(path)))
    }

    function measure(layer: Layer): void {
      measured.add(layer)
      const { stack, methods } = layer
      for (const [place, handle] of stack.entries()) {
        const isHandler = methods.length > 0 && place === stack.length - 1
        stack[place] = koaLayer(activities.layers!, handle, isHandler ? 'handler' : 'middleware', 0)
      }
    }

    function wrap(original: Method): Method {
      function params(this: unknown): unknown {
        try {
          observe(this as Layer)
        } catch {
          // The program comes first.
        }
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return params as Method
    }

    patchMethods([[layer.prototype, 'params', wrap]])
  },
}
