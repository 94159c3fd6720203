/**
 * The shape of every hook: one file per library, named as it is switched off (LOOPSCOPE_DISABLE=express). Constructing does
 * nothing; `start` subscribes or patches. A library's own diagnostics channel comes first, a patch last.
 */
import type { Activities } from '../program/activity.ts'
import type { Pools } from '../program/pools.ts'
import type { Queues } from '../program/queues.ts'
import type { Recorder } from '../program/recorder.ts'
import type { Sockets } from '../program/sockets.ts'
import type { Streams } from '../program/streams.ts'

export interface HookContext {
  recorder: Recorder
  activities: Activities
  pools: Pools
  queues: Queues
  sockets: Sockets
  streams: Streams
  now: () => number
  /** Says that the library was seen: instances[].hooked. Each module and version once. */
  seen(row: { module: string; version: string; how: 'channel' | 'patch' | 'api' | 'none'; why?: string }): void
}

/** Hooks what Node publishes or exports, at the start of the program. */
export interface BuiltinHook {
  name: string
  start(context: HookContext): void
}

/** A file of a package, and the variable in its scope that is handed to `start`; without one, its module.exports. */
export interface HookedFile {
  file: string
  variable?: string
  /** `start` may put another function or class in its place, before anybody has imported it. */
  isReplaced?: true
}

/** Everybody who imports it later gets `value`; so do those in its own file who call it by its name. */
export type Replace = (value: unknown) => void

/** Hooks a package when one of its files has been loaded. */
export interface PackageHook {
  name: string
  package: string
  /** Of one version of a package only one is loaded, as a rule; `start` runs for each. An ES module needs a variable. */
  files: readonly HookedFile[]
  /** The major versions that are tested; others are left alone and said so. */
  majors: readonly number[]
  how: 'channel' | 'patch' | 'api'
  /** Throws when the exports do not look as expected: the library is then left alone, and that is said. */
  start(context: HookContext, exports: never, version: string, replace?: Replace): void
}

export type Hook = BuiltinHook | PackageHook
