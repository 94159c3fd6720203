/**
 * What a program called of Node or of V8, named as it is written in a program. By stacks that captures took on Node 22, 24
 * and 26 (stacks/*.json): in a native call the capture is mostly taken in what Node does right after it.
 */
import type { Frame } from '../protocol/rows.ts'

/** Files of Node's own code, and the module under whose name their functions are known. */
const MODULES: readonly [RegExp, string][] = [
  [/^node:internal\/crypto\//, 'crypto'],
  [/^node:internal\/fs\//, 'fs'],
  [/^node:internal\/child_process/, 'child_process'],
  [/^node:internal\/console\//, 'console'],
  [/^node:buffer$/, 'Buffer'],
  [/^node:internal\/modules\/(esm|run_main)/, 'import'],
  [/^node:internal\/modules\//, 'require'],
  [/^node:internal\/util\/comparisons/, 'util.isDeepStrictEqual'],
  [/^node:internal\/util\/inspect/, 'util.inspect'],
]

/** Methods of objects that Node's functions return: how they came about says more. */
const OBJECTS: readonly [RegExp, RegExp, string][] = [
  [/^node:internal\/crypto\/hash$/, /^(update|digest|copy|_transform|_flush|Hash|Hmac)$/, 'crypto.createHash'],
  [/^node:internal\/crypto\/cipher$/, /^(update|final|_transform|_flush)$/, 'crypto.createCipheriv'],
  [/^node:internal\/crypto\/sig$/, /^(signOneShot|Sign|update)$/, 'crypto.sign'],
  [/^node:internal\/crypto\/sig$/, /^(verifyOneShot|Verify)$/, 'crypto.verify'],
]

/** V8 names a native function by its receiver, which is not always what is written. */
const NATIVES: Record<string, string> = {
  'Function.from': 'Array.from',
  'Function.fromEntries': 'Object.fromEntries',
  'RegExpStringIterator.next': 'String.matchAll',
  keys: 'Object.keys',
  // Called by their wrapper, without a receiver.
  parse: 'JSON.parse',
  stringify: 'JSON.stringify',
  eval: 'eval',
}

/** The frames of Node and of V8 on top of a piece of code, innermost first; null when they say nothing. */
export function apiOf(stack: readonly Frame[]): string | null {
  // The outermost one is what the code called.
  const called = stack.at(-1)
  if (!called) return null
  if (called.file === '') return nativeName(called.function)
  if (called.file.startsWith('evalmachine.')) return apiOf(stack.slice(0, -1))
  const object = OBJECTS.find(([file, fn]) => file.test(called.file) && fn.test(called.function))
  if (object) return object[2]
  const [, known] = MODULES.find(([file]) => file.test(called.file)) ?? []
  if (known !== undefined && (known.includes('.') || known === 'require' || known === 'import')) return known
  const module = known ?? called.file.slice('node:'.length)
  // What has no public name (getters of globals, timers' and events' machinery) is no call that anybody wrote.
  if (/^_|\//.test(module) || called.function === '(anonymous)') return null
  // One wrapper stands for gzipSync, inflateSync and all the others: node/lib/zlib.js, createConvenienceMethod.
  if (called.function === ZLIB_WRAPPER) return 'zlib.*Sync'
  return `${module}.${called.function}`
}

export const ZLIB_WRAPPER = 'syncBufferWrapper'

function nativeName(name: string): string | null {
  const known = NATIVES[name]
  if (known !== undefined) return known
  // A getter, a step of an iteration: what the line does is said by the line.
  if (name === '(anonymous)' || name.startsWith('get ') || name.includes('.get ') || name.endsWith('Iterator.next'))
    return null
  return name
}

export function isSyncCall(api: string): boolean {
  return /Sync$|^(require|import|Atomics\.wait)$|^(DatabaseSync|StatementSync)\.|^better-sqlite3 /.test(api)
}

/** A native of a package's addon is known by the package's name before its own: "better-sqlite3 Statement.all". */
export function packageOfApi(api: string): string | undefined {
  const space = api.indexOf(' ')
  return space < 0 ? undefined : api.slice(0, space)
}

/** Whether it holds the loop without a processor: always, or when a disk is slow. */
export function sleeps(api: string | null): boolean {
  return api !== null && /^(Atomics\.wait$|child_process\.)/.test(api)
}

export function maySleep(api: string | null): boolean {
  return api !== null && isSyncCall(api) && !/^(crypto|zlib)\./.test(api)
}
