/**
 * Native functions that can hold the loop for long without a frame of their own in a capture: structuredClone, and those of
 * Node's modules, once a program loads one. Wrapped, so that a capture finds them (support/landing.ts); 5 to 10 ns a call, and
 * up to 0.1 us with what it does to caches around it, of functions that take a microsecond at least.
 */
import type { BuiltinHook, HookContext } from './hook.ts'
import { whenLoaded } from './support/builtins.ts'
import { landed, textOf } from './support/landing.ts'
import { patchMethods, type Patch } from './support/patch.ts'

interface Wrapped {
  /** Exports, by the names under which programs know them. */
  functions?: readonly string[]
  /** Methods of what the module's classes make. */
  methods?: Readonly<Record<string, readonly string[]>>
  /** Tells an error that Node or the system has made from one of the program's that comes through. */
  isItsOwn: (error: Error) => boolean
}

/** What Node implements in JavaScript around a native shows up without a wrapper (pbkdf2Sync, execSync, gzipSync). */
const MODULES: ReadonlyMap<string, Wrapped> = new Map<string, Wrapped>([
  [
    'node:fs',
    {
      functions: [
        ...['readFileSync', 'writeFileSync', 'appendFileSync', 'copyFileSync', 'readSync', 'writeSync', 'fsyncSync'],
        ...['existsSync', 'statSync', 'lstatSync', 'realpathSync', 'readdirSync', 'mkdirSync', 'rmSync', 'unlinkSync'],
      ],
      isItsOwn: (error) => textOf(error, 'syscall') !== '' || isCoded(error),
    },
  ],
  ['node:child_process', { functions: ['spawnSync'], isItsOwn: isCoded }],
  ['node:crypto', { functions: ['hash', 'sign', 'verify', 'randomBytes', 'randomFillSync'], isItsOwn: isCoded }],
  // A getter of what is written may throw anything.
  ['node:v8', { functions: ['serialize', 'deserialize'], isItsOwn: () => false }],
  [
    'node:sqlite',
    {
      methods: { DatabaseSync: ['exec', 'prepare'], StatementSync: ['all', 'get', 'run'] },
      isItsOwn: (error) => textOf(error, 'code') === 'ERR_SQLITE_ERROR',
    },
  ],
])

export const natives: BuiltinHook = {
  name: 'natives',
  start(context) {
    const clone: Patch = [globalThis, 'structuredClone', (original) => landed('structuredClone', original, () => false)]
    attempt(context, 'structuredClone', () => patchMethods([clone]))
    const patches = [...MODULES].map(([url, wrapped]) => {
      const patch = (): void =>
        attempt(context, url, () => {
          patchModule(url.slice('node:'.length), process.getBuiltinModule(url)!, wrapped)
          context.seen({ module: url, version: '', how: 'patch' })
        })
      return [url, patch] as const
    })
    // node:sqlite warns that it is experimental, others take their time.
    whenLoaded(new Map(patches))
  },
}

function patchModule(module: string, exports: object, { functions = [], methods = {}, isItsOwn }: Wrapped): void {
  const patch = (target: object, name: string, api: string): Patch => [
    target,
    name,
    (original) => landed(api, original, isItsOwn),
  ]
  patchMethods([
    ...functions.map((name) => patch(exports, name, `${module}.${name}`)),
    ...Object.entries(methods).flatMap(([name, own]) => {
      const { prototype } = (exports as Record<string, { prototype: object }>)[name]!
      return own.map((method) => patch(prototype, method, `${name}.${method}`))
    }),
  ])
}

function isCoded(error: Error): boolean {
  return textOf(error, 'code').startsWith('ERR_')
}

function attempt({ seen }: HookContext, module: string, patch: () => void): void {
  try {
    patch()
  } catch (error) {
    // Frozen (--frozen-intrinsics), or not what it was written for.
    seen({ module, version: '', how: 'none', why: (error as Error).message })
  }
}
