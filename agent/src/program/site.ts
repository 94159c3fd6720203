/** Where in the program something was asked for: taken cheaply now, turned into a name only if somebody wants to know. */
import { PART } from '@loopscope/collector/protocol'

/** The name of a frame; numbers first, so that a cut hits the end of a long path. */
export function frameName(name: string, file: string, line: number, column: number, isAsync: boolean): string {
  const short = name.length > 160 ? name.slice(0, 160) : name
  return (isAsync ? 'a' : '') + PART + line + PART + column + PART + short + PART + file
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
