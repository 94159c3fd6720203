/**
 * Runs a package's hook when its file is loaded, by `require` and by `import` alike: one synchronous load hook appends a
 * line to the file's source that hands over its exports. Nothing else of the source changes, no line moves.
 */
import { readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { HookContext, PackageHook } from './hook.ts'

const LOADED = Symbol.for('loopscope.loaded')
const MODULES = '/node_modules/'

/** Calls back for each file of the packages; `hooks` are looked up by the end of the file's path. */
export function startPackageHooks(hooks: readonly PackageHook[], context: HookContext): void {
  const loaded = (url: string, exports: unknown): void => {
    const found = findHook(hooks, url)
    if (found) runHook(found, exports, context)
  }
  Object.defineProperty(globalThis, LOADED, { value: loaded, configurable: true, enumerable: false })
  sayMissed(hooks, context)
  registerHooks({
    load(url, loadContext, nextLoad) {
      const result = nextLoad(url, loadContext)
      if (!url.includes(MODULES)) return result
      const found = findHook(hooks, url)
      if (!found || result.source === undefined || result.source === null) return result
      const source = typeof result.source === 'string' ? result.source : Buffer.from(result.source as Uint8Array).toString()
      const isModule = result.format === 'module' || url.endsWith('.mjs')
      if (isModule && found.hook.expression === undefined) return result
      const value = isModule ? found.hook.expression! : 'module.exports'
      return { ...result, source: `${source}\n;globalThis[Symbol.for('loopscope.loaded')]?.(${JSON.stringify(url)}, ${value})` }
    },
  })
}

interface Found {
  hook: PackageHook
  version: string
}

const cache = new Map<string, Found | undefined>()

/** A package may be installed under another name (npm aliases): its package.json has the last word. */
function findHook(hooks: readonly PackageHook[], url: string): Found | undefined {
  if (cache.has(url)) return cache.get(url)
  const path = url.startsWith('file:') ? url.slice(url.indexOf(MODULES)) : url
  let found: Found | undefined
  for (const hook of hooks) {
    if (!path.endsWith('/' + hook.file)) continue
    const root = url.slice(0, -hook.file.length)
    const about = readPackage(root)
    if (about?.name === hook.package) found = { hook, version: about.version }
  }
  if (found || path.includes(MODULES)) cache.set(url, found)
  return found
}

function readPackage(root: string): { name: string; version: string } | undefined {
  try {
    const path = root.startsWith('file:') ? fileURLToPath(root + 'package.json') : root + 'package.json'
    return JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string }
  } catch {
    return undefined
  }
}

function runHook({ hook, version }: Found, exports: unknown, context: HookContext): void {
  const row = { module: hook.package, version }
  if (!hook.majors.includes(Number.parseInt(version, 10))) {
    const tested = hook.majors.join(', ')
    context.seen({ ...row, how: 'none', why: `major version not known; tested: ${tested}` })
    return
  }
  try {
    hook.start(context, exports as never, version)
    context.seen({ ...row, how: hook.how })
  } catch (error) {
    context.seen({ ...row, how: 'none', why: `hook failed: ${error instanceof Error ? error.message : String(error)}` })
  }
}

/** What was loaded before the agent cannot be hooked any more: say so. */
function sayMissed(hooks: readonly PackageHook[], context: HookContext): void {
  for (const path of Object.keys(createRequire(import.meta.url).cache)) {
    if (!path.includes('node_modules')) continue
    const found = findHook(hooks, pathToFileURL(path).href)
    if (!found) continue
    const { hook, version } = found
    context.seen({ module: hook.package, version, how: 'none', why: 'loaded before the agent: put --import first' })
  }
}
