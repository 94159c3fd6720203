/** Where in the program something was asked for: taken cheaply now, turned into a name only if somebody wants to know. */
import { PART } from '@loopscope/collector/protocol'

/** The name of a frame; numbers first, so that a cut hits the end of a long path. `about`: more flags. */
export function frameName(
  name: string,
  file: string,
  line: number,
  column: number,
  isAsync: boolean,
  about = '',
): string {
  const short = name.length > 160 ? name.slice(0, 160) : name
  return (isAsync ? 'a' : '') + about + PART + line + PART + column + PART + short + PART + file
}

const DEPTH = 10
const keepSites = (_: unknown, sites: unknown): unknown => sites

/** The stack of now, unformatted (2 to 4 us, in a deep stack of a large program): V8 formats it when `stack` is first read. */
export interface Site {
  stack?: unknown
}

export function takeSite(below: (...args: never[]) => unknown, depth = DEPTH): Site {
  const site: Site = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = depth
  Error.captureStackTrace(site, below)
  Error.stackTraceLimit = limit
  return site
}

/** The first frame of the program's own code, else the first of all; '' when there is none. */
export function siteName(site: Site): string {
  const frames = framesOf(site)
  return nameOf(frames.find((frame) => isOwnCode(frame.getFileName() ?? '')) ?? frames[0])
}

/** The last frame of as many as were taken. */
export function lastName(site: Site): string {
  return nameOf(framesOf(site).at(-1))
}

/** The innermost frame if it is the program's own code, '' if a library's or Node's. */
export function ownSiteName(site: Site): string {
  const first = framesOf(site)[0]
  return first && isOwnCode(first.getFileName() ?? '') ? nameOf(first) : ''
}

function framesOf(site: Site): NodeJS.CallSite[] {
  const prepare = Error.prepareStackTrace
  Error.prepareStackTrace = keepSites
  let frames: unknown
  try {
    frames = site.stack
  } finally {
    if (prepare === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
    else Error.prepareStackTrace = prepare
  }
  return Array.isArray(frames) ? (frames as NodeJS.CallSite[]) : []
}

function nameOf(frame: NodeJS.CallSite | undefined): string {
  if (!frame) return ''
  const file = frame.getFileName() ?? ''
  return frameName(frame.getFunctionName() ?? '', file, frame.getLineNumber() ?? 0, frame.getColumnNumber() ?? 0, false)
}

function isOwnCode(file: string): boolean {
  return (
    file !== '' && !file.startsWith('node:') && !file.includes('/node_modules/') && !file.includes('\\node_modules\\')
  )
}

/**
 * Of a call site, in the flags of a frame's name: 'e' if it is the entry of its function, which V8 places at the list of
 * parameters, and for code that is not Node's where its function begins (a source map may have its name there). Runs in
 * captures: calls no method that the program could have replaced.
 */
export function aboutFunction(site: NodeJS.CallSite, file: string, name: string, line: number, column: number): string {
  const enclosing = site as unknown as Enclosing
  if (enclosing.getEnclosingLineNumber === undefined) return ''
  const fromLine = enclosing.getEnclosingLineNumber()
  const fromColumn = enclosing.getEnclosingColumnNumber()
  const isEntry = line === fromLine && (column === fromColumn || isKeyword(column - fromColumn - name.length))
  const isNode = file[0] === 'n' && file[1] === 'o' && file[2] === 'd' && file[3] === 'e' && file[4] === ':'
  return (isEntry ? 'e' : '') + (isNode ? '' : fromLine + ':' + fromColumn)
}

/** The length of what can stand between the beginning of a function and its name: `function `, `async function* `. */
function isKeyword(length: number): boolean {
  return (length >= 8 && length <= 10) || (length >= 14 && length <= 16)
}

/** In V8 since 9.0, not in the types of Node. */
interface Enclosing {
  getEnclosingLineNumber?(): number
  getEnclosingColumnNumber(): number
}
