/**
 * Asynchronous calls that libuv's thread pool carries out: files, crypto, zlib, dns.lookup. A call that an activity makes is a
 * wait of it, from the call to its callback or the settling of its promise. Methods of a FileHandle are left out, and what
 * other native code does in the pool. Costs two events, and with a promise one more promise, of calls that take 20 us and more.
 */
import { PART } from '@loopscope/collector/protocol'
import { watch } from '../program/watch.ts'
import type { BuiltinHook, HookContext } from './hook.ts'
import { whenLoaded } from './support/builtins.ts'
import { disguise, patchMethods, type Method, type Patch } from './support/patch.ts'

const FILES = [
  ...['readFile', 'writeFile', 'appendFile', 'open', 'stat', 'lstat', 'readdir', 'mkdir', 'rm', 'unlink', 'rename'],
  ...['access', 'copyFile', 'realpath'],
]

/** Functions with a callback; those that this Node does not have are left out. */
const CALLBACKS: Readonly<Record<string, readonly string[]>> = {
  fs: [...FILES, 'read', 'write', 'fstat', 'close'],
  crypto: ['pbkdf2', 'scrypt', 'hkdf', 'randomBytes', 'randomFill', 'generateKeyPair', 'generateKey'],
  zlib: [
    ...['deflate', 'deflateRaw', 'gzip', 'gunzip', 'inflate', 'inflateRaw', 'unzip', 'brotliCompress'],
    ...['brotliDecompress', 'zstdCompress', 'zstdDecompress'],
  ],
  dns: ['lookup'],
}

const PROMISES: Readonly<Record<string, readonly string[]>> = { 'fs/promises': FILES, 'dns/promises': ['lookup'] }

export const pooled: BuiltinHook = {
  name: 'pooled',
  start(context: HookContext) {
    const { recorder, activities, seen } = context

    const begin = (api: string): (() => number) => {
      let name = 0
      return () => {
        const activity = activities.current()
        if (activity === undefined || activity.ended) return 0
        name ||= recorder.name(`threadPool${PART}${api}`)
        return activities.wait(activity, name)
      }
    }

    function withCallback(api: string, original: Method): Method {
      const ask = begin(api)
      return function call(this: unknown, ...args: never[]): unknown {
        const callback = args.at(-1) as unknown
        const operation = typeof callback === 'function' ? ask() : 0
        if (operation === 0) return Reflect.apply(original, this, args)
        args[args.length - 1] = function (this: unknown, ...answer: never[]): unknown {
          activities.resume(operation)
          return Reflect.apply(callback as Method, this, answer)
        } as never
        try {
          return Reflect.apply(original, this, args)
        } catch (error) {
          activities.resume(operation)
          throw error
        }
      }
    }

    function withPromise(api: string, original: Method): Method {
      const ask = begin(api)
      return function call(this: unknown, ...args: never[]): unknown {
        const operation = ask()
        const result = Reflect.apply(original, this, args)
        if (operation === 0) return result
        const over = (): void => activities.resume(operation)
        if (!(result instanceof Promise)) over()
        return watch(result, over, over)
      }
    }

    function patch(module: string, names: readonly string[], wrap: typeof withCallback, exports: object): void {
      const known = names.filter((name) => Object.hasOwn(exports, name))
      const api = module.split('/')[0]!
      try {
        patchMethods(known.map((name): Patch => [exports, name, (original) => wrap(`${api}.${name}`, original)]))
      } catch (error) {
        // Frozen, or not what it was written for.
        seen({ module: `node:${module}`, version: '', how: 'none', why: (error as Error).message })
      }
    }

    const builtin = (module: string): object => process.getBuiltinModule(module) as object

    /** Those with promises are behind a getter of the module, which loads them (2 ms), and a module of their own. */
    const done = new Set<string>()
    function patchPromises(module: string, exports: object): void {
      if (done.has(module)) return
      done.add(module)
      patch(module, PROMISES[module]!, withPromise, exports)
    }
    function watchGetter(module: string, exports: object): void {
      const getter = Object.getOwnPropertyDescriptor(exports, 'promises')
      const { get } = getter ?? {}
      if (get === undefined || getter?.configurable !== true || PROMISES[`${module}/promises`] === undefined) return
      function read(this: unknown): unknown {
        const promises = Reflect.apply(get!, this, []) as object
        patchPromises(`${module}/promises`, promises)
        return promises
      }
      Object.defineProperty(exports, 'promises', { ...getter, get: disguise(read, get) })
    }

    const patches = new Map<string, () => void>()
    for (const [module, names] of Object.entries(CALLBACKS)) {
      patches.set(`node:${module}`, () => {
        patch(module, names, withCallback, builtin(module))
        watchGetter(module, builtin(module))
      })
    }
    for (const module of Object.keys(PROMISES))
      patches.set(`node:${module}`, () => patchPromises(module, builtin(module)))
    whenLoaded(patches)
  },
}
