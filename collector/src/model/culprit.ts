/** Who is to blame for a stack: the first frame of the program's own code, and what it called to hold the loop. */
import type { Cause, Frame } from '../protocol/rows.ts'
import { PART } from '../protocol/events.ts'

/** A frame's name (see EVENT in the protocol) in words; files inside `cwd` become relative to it. */
export function parseFrame(name: string, cwd: string): Frame {
  const [flags = '', line = '0', column = '0', fn = '', ...rest] = name.split(PART)
  return {
    function: fn === '' ? '(anonymous)' : fn,
    file: shortFile(rest.join(PART), cwd),
    line: Number(line),
    column: Number(column),
    async: flags === 'a',
  }
}

export function shortFile(file: string, cwd: string): string {
  let path = file
  if (path.startsWith('file://')) {
    path = path.slice('file://'.length)
    try {
      path = decodeURIComponent(path)
    } catch {
      // A stray % sign: as it is.
    }
  }
  const root = cwd.endsWith('/') ? cwd : cwd + '/'
  return path.startsWith(root) ? path.slice(root.length) : path
}

export function isOwn(frame: Frame): boolean {
  const { file } = frame
  return file !== '' && !file.startsWith('node:') && !/(^|[\\/])node_modules[\\/]/.test(file)
}

export interface Culprit {
  frame: Frame
  /** What the culprit's line called, when that is Node's or V8's: "crypto.pbkdf2Sync", "Array.sort". */
  api: string | null
  cause: Cause
}

/** Frames come innermost first; undefined when there are none. */
export function findCulprit(stack: readonly Frame[]): Culprit | undefined {
  if (stack.length === 0) return undefined
  let at = stack.findIndex(isOwn)
  if (at < 0) at = stack.findIndex((frame) => frame.file !== '' && !frame.file.startsWith('node:'))
  if (at < 0) at = 0
  const frame = stack[at]!
  const called = at > 0 ? stack[at - 1]! : undefined
  const api = called ? apiName(called) : null
  return { frame, api, cause: api !== null && isSyncCall(api) ? 'sync-call' : 'js' }
}

const MODULES: readonly [RegExp, string][] = [
  [/^node:internal\/crypto\//, 'crypto'],
  [/^node:internal\/fs\//, 'fs'],
  [/^node:internal\/child_process/, 'child_process'],
  [/^node:internal\/modules\//, 'module'],
]

const NATIVES: Record<string, string> = {
  sort: 'Array.sort',
  wait: 'Atomics.wait',
  parse: 'JSON.parse',
  stringify: 'JSON.stringify',
  test: 'RegExp.test',
  exec: 'RegExp.exec',
}

function apiName(frame: Frame): string | null {
  if (frame.file === '') return NATIVES[frame.function] ?? (frame.function === '(anonymous)' ? null : frame.function)
  if (!frame.file.startsWith('node:')) return null
  const internal = MODULES.find(([pattern]) => pattern.test(frame.file))
  const module = internal ? internal[1] : frame.file.slice('node:'.length).replace(/^internal\//, '')
  // One wrapper stands for gzipSync, inflateSync and all the others: node/lib/zlib.js, createConvenienceMethod.
  if (frame.function === 'syncBufferWrapper') return 'zlib.*Sync'
  if (module === 'module') return 'require'
  return `${module}.${frame.function}`
}

function isSyncCall(api: string): boolean {
  return /Sync$/.test(api) || api === 'require' || api === 'Atomics.wait' || api.startsWith('sqlite.')
}
