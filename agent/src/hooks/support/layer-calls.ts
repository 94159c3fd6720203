/** How the call of a layer ends: by `next`, or with what it returns. */
import type { LayerCall, LayerRun } from '../../program/layers.ts'
import { watch } from '../../program/watch.ts'
import { disguise, type Method } from './patch.ts'

/** `next`, which the layer calls when it has done its part. */
export function passing(run: LayerRun, call: LayerCall, next: Method): never {
  function pass(this: unknown, ...args: never[]): unknown {
    const [error] = args as unknown[]
    run.pass(call, error !== undefined && error !== null && error !== 'route' && error !== 'router')
    return Reflect.apply(next, this, args)
  }
  return disguise(pass, next) as never
}

/** Runs a layer that is over when what it returns is. */
export function measure(run: LayerRun, call: LayerCall, layer: () => unknown): unknown {
  let isOver = true
  try {
    const result = layer()
    isOver = !(result instanceof Promise)
    return watch(
      result,
      () => run.pass(call),
      () => run.pass(call, true),
    )
  } catch (error) {
    call.failed = true
    throw error
  } finally {
    run.leave(call, isOver)
  }
}
