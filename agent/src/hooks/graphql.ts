/**
 * GraphQL: one path serves every operation, so its route is the path's and the operation: `/graphql query GetCart`. Taken
 * from the two functions of graphql-js that the servers share: `execute` (Mercurius, Apollo, graphql() itself) and
 * `getOperationAST`, by which Yoga, whose executor is its own, picks the operation before it runs it. The first operation of
 * a request counts: what it delegates to other schemas is part of it.
 *
 * An operation that Mercurius has compiled (`jit`, off by default) passes neither function and keeps the route of its path.
 */
import type { Recorder } from '../program/recorder.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { OperationNames } from './support/operations.ts'
import { patchMethods, type Method } from './support/patch.ts'

interface Operation {
  kind: string
  operation: string
  name?: { value: string }
}

interface Arguments {
  document: { definitions: readonly Operation[] }
  operationName?: string | null
}

/** Both files share them, and so do copies of the package. */
const allNames = new WeakMap<Recorder, OperationNames>()

export const graphql: PackageHook = {
  name: 'graphql',
  package: 'graphql',
  files: [{ file: 'execution/execute.js' }, { file: 'utilities/getOperationAST.js' }],
  majors: [16],
  how: 'patch',
  start({ recorder, activities }: HookContext, exports: object) {
    const names = allNames.get(recorder) ?? new OperationNames(recorder)
    allNames.set(recorder, names)

    function observe(find: () => Operation | null | undefined): void {
      const activity = activities.current()
      if (activity === undefined || activity.kind !== 'request' || names.has(activity.route)) return
      const found = find()
      if (!found) return
      const route = names.get(activity.route, found.operation, found.name?.value)
      if (route !== 0) activities.setRoute(activity, route)
    }

    const wrapExecute = (original: Method): Method =>
      function execute(this: unknown, args: Arguments): unknown {
        try {
          observe(() => operationOf(args))
        } catch {
          // The program comes first.
        }
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      } as Method

    const wrapFind = (original: Method): Method =>
      function getOperationAST(this: unknown): unknown {
        const found = Reflect.apply(original, this, arguments) as Operation | null // eslint-disable-line prefer-rest-params
        try {
          observe(() => found)
        } catch {
          // The program comes first.
        }
        return found
      } as Method

    if ('execute' in exports) patchMethods([[exports, 'execute', wrapExecute]])
    else patchMethods([[exports, 'getOperationAST', wrapFind]])
  },
}

function operationOf({ document, operationName }: Arguments): Operation | undefined {
  return document.definitions.find(
    ({ kind, name }) =>
      kind === 'OperationDefinition' &&
      (operationName === undefined || operationName === null || name?.value === operationName),
  )
}
