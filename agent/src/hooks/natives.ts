/**
 * Native functions that can hold the loop for long without a frame of their own in a capture: structuredClone, and the
 * statements of node:sqlite once a program loads it. Wrapped, so that a capture finds them (support/landing.ts); 5 to 10 ns a
 * call, of functions that take a microsecond at least.
 */
// The whole module: an import by name of what an old Node lacks would stop the program before the agent can stand down.
import nodeModule from 'node:module'
import type { BuiltinHook, HookContext } from './hook.ts'
import { landed, textOf } from './support/landing.ts'
import { patchMethods, type Patch } from './support/patch.ts'

const SQLITE = 'node:sqlite'
const METHODS = {
  DatabaseSync: ['exec', 'prepare'],
  StatementSync: ['all', 'get', 'run'],
} as const

export const natives: BuiltinHook = {
  name: 'natives',
  start(context) {
    const clone: Patch = [globalThis, 'structuredClone', (original) => landed('structuredClone', original, () => false)]
    attempt(context, 'structuredClone', () => patchMethods([clone]))
    let isPatched = false
    // Loading it warns that it is experimental: only when the program does.
    nodeModule.registerHooks({
      load(url, loadContext, nextLoad) {
        const result = nextLoad(url, loadContext)
        if (url === SQLITE && !isPatched) {
          isPatched = true
          attempt(context, SQLITE, () => {
            patchMethods(sqlitePatches(process.getBuiltinModule(SQLITE)))
            context.seen({ module: SQLITE, version: '', how: 'patch' })
          })
        }
        return result
      },
    })
  },
}

function sqlitePatches(sqlite: object): Patch[] {
  const isSqlites = (error: Error): boolean => textOf(error, 'code') === 'ERR_SQLITE_ERROR'
  return Object.entries(METHODS).flatMap(([name, methods]) => {
    const { prototype } = (sqlite as Record<string, { prototype: object }>)[name]!
    return methods.map((method): Patch => [
      prototype,
      method,
      (original) => landed(`${name}.${method}`, original, isSqlites),
    ])
  })
}

function attempt({ seen }: HookContext, module: string, patch: () => void): void {
  try {
    patch()
  } catch (error) {
    // Frozen (--frozen-intrinsics), or not what it was written for.
    seen({ module, version: '', how: 'none', why: (error as Error).message })
  }
}
