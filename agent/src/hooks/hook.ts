/**
 * The shape of every hook: one file per library, named as it is switched off (LOOPSCOPE_DISABLE=express). Constructing does
 * nothing; `start` subscribes or patches. A library's own diagnostics channel comes first, a patch last.
 */
import type { Activities } from '../program/activity.ts'
import type { Pools } from '../program/pools.ts'
import type { Recorder } from '../program/recorder.ts'

export interface HookContext {
  recorder: Recorder
  activities: Activities
  pools: Pools
  now: () => number
  /** Says that the library was seen: instances[].hooked. Each module and version once. */
  seen(row: { module: string; version: string; how: 'channel' | 'patch' | 'api' | 'none'; why?: string }): void
}

/** Hooks what Node publishes or exports, at the start of the program. */
export interface BuiltinHook {
  name: string
  start(context: HookContext): void
}

/** Hooks a package when its entry file has been loaded; `exports` is what that file exports. */
export interface PackageHook {
  name: string
  /** The package and the file in it whose exports are taken: `express`, `lib/express.js`. */
  package: string
  file: string
  /** The major versions that are tested; others are left alone and said so. */
  majors: readonly number[]
  how: 'channel' | 'patch' | 'api'
  /** For an ES module: the expression, in its scope, whose value is handed to `start` in place of module.exports. */
  expression?: string
  start(context: HookContext, exports: never, version: string): void
}

export type Hook = BuiltinHook | PackageHook
