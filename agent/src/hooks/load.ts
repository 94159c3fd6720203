/**
 * Runs a package's hook when its file is loaded, by `require` and by `import` alike: one synchronous load hook appends a
 * line to the file's source that hands over its exports. Nothing else of the source changes, no line moves.
 * A module that is not hooked costs a string search.
 */
import { readFileSync } from 'node:fs'
// The whole module: an import by name of what an old Node lacks would stop the program before the agent can stand down.
import nodeModule, { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { HookContext, HookedFile, PackageHook, Replace } from './hook.ts'

const LOADED = Symbol.for('loopscope.loaded')
const MODULES = '/node_modules/'

/** Calls back for each file of the packages; hooks are looked up by the end of the file's path. */
export function startPackageHooks(
  hooks: readonly PackageHook[],
  context: HookContext,
  disabled: ReadonlySet<string> = new Set(),
): void {
  const find = finder(hooks)
  const loaded = (url: string, exports: unknown, replace?: Replace): void => {
    try {
      const found = find(url)
      if (!found) return
      if (!disabled.has(found.hook.name)) return runHook(found, exports, context, replace)
      context.seen({ module: found.hook.package, version: found.version, how: 'none', why: 'switched off' })
    } catch {
      // The program comes first.
    }
  }
  Object.defineProperty(globalThis, LOADED, { value: loaded, configurable: true, enumerable: false })
  sayMissed(find, context)
  nodeModule.registerHooks({
    load(url, loadContext, nextLoad) {
      const result = nextLoad(url, loadContext)
      if (!url.includes(MODULES)) return result
      const found = find(url)
      if (!found || result.source === undefined || result.source === null) return result
      const isModule = result.format === 'module' || url.endsWith('.mjs')
      const { variable, isReplaced } = found.file
      if (isModule && variable === undefined) return result
      const source =
        typeof result.source === 'string' ? result.source : Buffer.from(result.source as Uint8Array).toString()
      return { ...result, source: `${source}\n${handOver(url, variable, isReplaced === true, isModule)}` }
    },
  })
}

/** A variable that a later release has renamed is undefined, not a ReferenceError in the program's module. */
function handOver(url: string, variable: string | undefined, isReplaced: boolean, isModule: boolean): string {
  const value =
    variable === undefined ? 'module.exports' : `typeof ${variable} === 'undefined' ? undefined : ${variable}`
  const replace = isReplaced ? `, (value) => { ${replacing(variable, isModule)} }` : ''
  return `;globalThis[Symbol.for('loopscope.loaded')]?.(${JSON.stringify(url)}, ${value}${replace})`
}

/** The export of a function or class of an ES module is its variable itself: whoever imports it sees the new value. */
function replacing(variable: string | undefined, isModule: boolean): string {
  if (variable === undefined) return 'module.exports = value'
  return isModule
    ? `${variable} = value`
    : `if (module.exports === ${variable}) module.exports = value; ${variable} = value`
}

interface Found {
  hook: PackageHook
  file: HookedFile
  version: string
}

type Find = (url: string) => Found | undefined

/** A package may be installed under another name (npm aliases): its package.json has the last word. */
function finder(hooks: readonly PackageHook[]): Find {
  const packages = new Map<string, { name: string; version: string } | undefined>()
  const about = (root: string): { name: string; version: string } | undefined => {
    if (!packages.has(root)) packages.set(root, readPackage(root))
    return packages.get(root)
  }
  return (url) => {
    for (const hook of hooks) {
      for (const file of hook.files) {
        if (!url.endsWith('/' + file.file)) continue
        const found = about(url.slice(0, -file.file.length))
        if (found?.name === hook.package) return { hook, file, version: found.version }
      }
    }
    return undefined
  }
}

function readPackage(root: string): { name: string; version: string } | undefined {
  try {
    const path = root.startsWith('file:') ? fileURLToPath(root + 'package.json') : root + 'package.json'
    return JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string }
  } catch {
    return undefined
  }
}

function runHook({ hook, version }: Found, exports: unknown, context: HookContext, replace?: Replace): void {
  const row = { module: hook.package, version }
  if (!hook.majors.includes(Number.parseInt(version, 10))) {
    const tested = hook.majors.join(', ')
    context.seen({ ...row, how: 'none', why: `major version not known; tested: ${tested}` })
    return
  }
  try {
    hook.start(context, exports as never, version, replace)
  } catch (error) {
    context.seen({ ...row, how: 'none', why: `hook failed: ${error instanceof Error ? error.message : String(error)}` })
    return
  }
  context.seen({ ...row, how: hook.how })
}

/** What was loaded before the agent cannot be hooked any more: say so. */
function sayMissed(find: Find, context: HookContext): void {
  for (const path of Object.keys(createRequire(import.meta.url).cache)) {
    if (!path.includes('node_modules')) continue
    const found = find(pathToFileURL(path).href)
    if (!found) continue
    const { hook, version } = found
    context.seen({ module: hook.package, version, how: 'none', why: 'loaded before the agent: put --import first' })
  }
}
