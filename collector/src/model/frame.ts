/** Frames of a stack: read from their names, and told apart by whose code they are. */
import { PART } from '../protocol/events.ts'
import type { Frame } from '../protocol/rows.ts'

/** What only the model needs of a frame. */
export interface ParsedFrame {
  frame: Frame
  /** The file as V8 names it. */
  source: string
  /** Where its function begins: "line:column"; '' where nobody wanted to know. */
  begin: string
  /** The capture was taken at the entry of the function, before anything in it ran. */
  isAtEntry: boolean
}

/** What an agent's wrapper of a native function calls itself in a stack; see agent/src/hooks/support/landing.ts. */
const NATIVE = 'native '

/** A frame's name (see PART in the protocol) in words; files inside `cwd` become relative to it. */
export function parseFrame(name: string, cwd: string): ParsedFrame {
  const [flags = '', line = '0', column = '0', fn = '', ...rest] = name.split(PART)
  const source = rest.join(PART)
  const frame = {
    function: fn === '' ? '(anonymous)' : fn,
    file: shortFile(source, cwd),
    line: Number(line),
    column: Number(column),
    async: flags.startsWith('a'),
  }
  return { frame, source, begin: /\d+:\d+$/.exec(flags)?.[0] ?? '', isAtEntry: flags.includes('e') }
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

/** The agent's own frames are left out of stacks; its wrappers of native functions stand for those. */
export function withoutAgent(frame: Frame, agentFile: string): Frame | undefined {
  // What programs import of it lies beside its entry.
  if (frame.file === agentFile.replace(/[^/\\]*$/, 'api.js')) return undefined
  if (frame.file !== agentFile) return frame
  if (!frame.function.startsWith(NATIVE)) return undefined
  return { function: frame.function.slice(NATIVE.length), file: '', line: 0, column: 0, async: false }
}

/** JavaScript of the program or of a package: not Node's, not a native function, not a text that was evaluated. */
export function isCode({ file }: Frame): boolean {
  return file !== '' && !file.startsWith('node:') && !file.startsWith('evalmachine.')
}

export function isOwn(frame: Frame): boolean {
  return isCode(frame) && !/(^|[\\/])node_modules[\\/]/.test(frame.file)
}

const IN_PACKAGE = /.*(?:^|[\\/])node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/

/** The package that a file belongs to, by its path: "express", "@koa/router"; the innermost one, as pnpm nests them. */
export function packageOf(file: string): string | undefined {
  return IN_PACKAGE.exec(file)?.[1]?.replace('\\', '/')
}

/** Where that package is. */
export function packageFolder(file: string): string | undefined {
  return IN_PACKAGE.exec(file)?.[0]
}
