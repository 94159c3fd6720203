/**
 * The layers of Nest: guards, interceptors and pipes by their class, the providers that are made for one request, and the
 * controller's method, which the platform calls as its handler: it is given its name. Nest hands its consumers lists of
 * objects; a request that is measured gets lists of others that call them.
 */
import type { LayerKind } from '@loopscope/collector/protocol'
import type { Activities } from '../../program/activity.ts'
import type { LayerRun, Layers } from '../../program/layers.ts'
import { measure } from './layer-calls.ts'
import { patchMethods, type Method, type Patch } from './patch.ts'

/** What the files of Nest export, each one of them. */
export interface NestExports {
  GuardsConsumer?: { prototype: object }
  InterceptorsConsumer?: { prototype: object }
  PipesConsumer?: { prototype: object }
  Injector?: { prototype: object }
  RouterExecutionContext?: { prototype: object }
  RouterProxy?: { prototype: object }
  RouterExplorer?: { prototype: object }
}

type Enhancer = Record<string, Method>

export function patchNest(activities: Activities, layers: Layers, exports: NestExports): void {
  const run = (): LayerRun | undefined => activities.current()?.layers

  /** Each of a list that is the argument at `place`: its `method` is measured. */
  const enhancers =
    (kind: LayerKind, method: string, place: number) =>
    (original: Method): Method =>
      function consume(this: unknown, ...args: never[]): unknown {
        const measured = run()
        const list = args[place] as unknown
        if (measured === undefined || !Array.isArray(list) || list.length === 0)
          return Reflect.apply(original, this, args)
        const given: unknown[] = [...args]
        given[place] = (list as Enhancer[]).map((each) => ({
          [method]: (...own: never[]) =>
            measure(measured, measured.enter(layers.name(kind, classOf(each))), () => each[method]!(...own)),
        }))
        return Reflect.apply(original, this, given as never)
      }

  const providers = (original: Method): Method =>
    function loadPerContext(this: unknown, ...args: never[]): unknown {
      const measured = run()
      if (measured === undefined) return Reflect.apply(original, this, args)
      const call = measured.enter(layers.name('providers', classOf(args[0]!)))
      return measure(measured, call, () => Reflect.apply(original, this, args))
    }

  /** What it returns is a function without a name. */
  const named =
    (nameOf: (args: readonly never[]) => string) =>
    (original: Method): Method =>
      function create(this: unknown, ...args: never[]): unknown {
        const result = Reflect.apply(original, this, args)
        const name = nameOf(args)
        if (typeof result === 'function' && name !== '')
          Object.defineProperty(result, 'name', { value: name, configurable: true })
        return result
      }

  const patches: [{ prototype: object } | undefined, string, Patch[2]][] = [
    [exports.GuardsConsumer, 'tryActivate', enhancers('guard', 'canActivate', 0)],
    [exports.InterceptorsConsumer, 'intercept', enhancers('interceptor', 'intercept', 0)],
    [exports.PipesConsumer, 'applyPipes', enhancers('pipe', 'transform', 2)],
    [exports.Injector, 'loadPerContext', providers],
    [
      exports.RouterExecutionContext,
      'create',
      named(([instance, , method]) => `${classOf(instance!)}.${String(method)}`),
    ],
    [exports.RouterProxy, 'createProxy', named(([callback]) => (callback as unknown as Method).name)],
    [
      exports.RouterExplorer,
      'createRequestScopedHandler',
      named(([wrapper, , , , method]) => `${(wrapper as unknown as { name: string }).name}.${String(method)}`),
    ],
  ]
  patchMethods(patches.flatMap(([target, name, wrap]): Patch[] => (target ? [[target.prototype, name, wrap]] : [])))
}

const PATCHED: readonly (keyof NestExports)[] = [
  'GuardsConsumer',
  'InterceptorsConsumer',
  'PipesConsumer',
  'Injector',
  'RouterExecutionContext',
  'RouterProxy',
  'RouterExplorer',
]

export function isPatched(exports: NestExports): boolean {
  return PATCHED.some((name) => exports[name]?.prototype !== undefined)
}

function classOf(instance: object): string {
  return (instance.constructor as { name?: string } | undefined)?.name || '(anonymous)'
}
