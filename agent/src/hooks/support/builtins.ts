/** Modules of Node's that are patched once a program loads them: to load one is the program's business, and takes its time. */
// The whole module: an import by name of what an old Node lacks would stop the program before the agent can stand down.
import nodeModule from 'node:module'

/** By URL ("node:fs"). Each is called once. */
export function whenLoaded(modules: ReadonlyMap<string, () => void>): void {
  const waiting = new Map(modules)
  const patchNow = (url: string, patch: () => void): void => {
    waiting.delete(url)
    patch()
  }
  // What the agent has imported itself is not loaded again.
  const loaded = new Set((process as unknown as { moduleLoadList: string[] }).moduleLoadList)
  for (const [url, patch] of modules) {
    if (loaded.has(`NativeModule ${url.slice('node:'.length)}`)) patchNow(url, patch)
  }
  syncExports()
  nodeModule.registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context)
      const patch = waiting.get(url)
      if (patch) {
        patchNow(url, patch)
        syncExports()
      }
      return result
    },
  })
}

/** `import { readFileSync } from 'node:fs'` is a copy of the export. */
export function syncExports(): void {
  nodeModule.syncBuiltinESMExports()
}
