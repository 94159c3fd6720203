/**
 * The layers of Express: what `use` puts into a router, and the handlers of a route. All are objects of one class, which
 * Express does not export; the first that is registered leads to it. A router, an application and a route in a router are
 * layers as well: they only lead to those below, and are not told.
 */
import type { LayerKind } from '@loopscope/collector/protocol'
import type { LayerRun, Layers } from '../../program/layers.ts'
import { ACTIVITY, type ObservedRequest } from '../http.ts'
import { passing } from './layer-calls.ts'
import { patchMethods, type Method, type Patch } from './patch.ts'

export interface Layer {
  handle: Method
  name: string
  route?: object
}

interface Response {
  writableEnded: boolean
}

const ERROR_PARAMETERS = 4
/** Of Express 5 and 4: with a request, and with an error. */
const METHODS = [
  ['handleRequest', 'handle_request'],
  ['handleError', 'handle_error'],
]

export class ExpressLayers {
  readonly #layers: Layers
  readonly #patched = new WeakSet<object>()
  /** Where a layer of a router or a route was registered. */
  readonly #sites = new WeakMap<object, number>()

  constructor(layers: Layers) {
    this.#layers = layers
  }

  registered(layers: readonly Layer[], site: number): void {
    for (const layer of layers) {
      this.#sites.set(layer, site)
      const prototype = Object.getPrototypeOf(layer) as object
      if (this.#patched.has(prototype)) continue
      this.#patched.add(prototype)
      const patches = METHODS.map((names, place): Patch => {
        const name = names.find((one) => Object.hasOwn(prototype, one)) ?? names[0]!
        return [prototype, name, (original) => this.#wrap(original, place === 1)]
      })
      patchMethods(patches)
    }
  }

  /** The handlers of this route run next. */
  dispatching(run: LayerRun, route: object): void {
    run.place = this.#sites.get(route) ?? 0
  }

  registeredRoute(route: object, site: number): void {
    this.#sites.set(route, site)
  }

  #wrap(original: Method, isError: boolean): Method {
    const isTold = (layer: Layer): boolean => this.#isTold(layer, isError)
    const measure = (run: LayerRun, layer: Layer, args: ArrayLike<never>): unknown =>
      this.#measure(run, layer, original, args, isError)
    /** Of a request that is not measured it costs a look at a field. */
    function handle(this: Layer, first: ObservedRequest, second: ObservedRequest): unknown {
      const run = (isError ? second : first)[ACTIVITY]?.layers
      /* eslint-disable prefer-rest-params */
      if (run === undefined || !isTold(this)) return Reflect.apply(original, this, arguments)
      return measure(run, this, arguments as never)
      /* eslint-enable prefer-rest-params */
    }
    return handle as Method
  }

  #isTold({ handle, route, name }: Layer, isError: boolean): boolean {
    if (isError !== (handle.length === ERROR_PARAMETERS)) return false
    return route === undefined && name !== 'mounted_app' && !('stack' in handle)
  }

  #measure(run: LayerRun, layer: Layer, original: Method, given: ArrayLike<never>, isError: boolean): unknown {
    const args = Array.from(given)
    const site = this.#sites.get(layer)
    const kind: LayerKind = isError ? 'error-handler' : site === undefined ? 'handler' : 'middleware'
    const call = run.enter(this.#layers.name(kind, layer.name), site ?? run.place)
    const next = args.at(-1)!
    const response = args.at(-2) as unknown as Response
    try {
      return Reflect.apply(original, layer, [...args.slice(0, -1), passing(run, call, next)])
    } finally {
      run.leave(call, response.writableEnded)
    }
  }
}
