/**
 * The layers of Koa: a middleware waits for those below it (`await next()`), so what it waits for itself is what is left of
 * its time. The function that a router gives to `use` only leads to the layers of its routes.
 */
import type { LayerKind } from '@loopscope/collector/protocol'
import type { Layers } from '../../program/layers.ts'
import { ACTIVITY, type ObservedRequest } from '../http.ts'
import { measure } from './layer-calls.ts'
import { disguise, type Method } from './patch.ts'

export interface Context {
  req: ObservedRequest
}

export function koaLayer(layers: Layers, original: Method, kind: LayerKind, site: number): Method {
  if ('router' in original) return original
  let name = 0
  function layer(this: unknown, context: Context, next: Method): unknown {
    const run = context.req[ACTIVITY]?.layers
    // eslint-disable-next-line prefer-rest-params
    if (run === undefined) return Reflect.apply(original, this, arguments)
    if (name === 0) name = layers.name(kind, original.name === '' ? '(anonymous)' : original.name)
    const call = run.enter(name, site)
    const below = (...args: never[]): unknown => run.watchBelow(call, () => Reflect.apply(next, undefined, args))
    return measure(run, call, () => Reflect.apply(original, this, [context, disguise(below, next)] as never))
  }
  return disguise(layer as Method, original)
}
