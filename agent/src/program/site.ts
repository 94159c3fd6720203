/** Where in the program something was asked for: taken cheaply now, turned into a name only if somebody wants to know. */
import { PART } from '@loopscope/collector/protocol'

/** The name of a frame; numbers first, so that a cut hits the end of a long path. */
export function frameName(name: string, file: string, line: number, column: number, isAsync: boolean): string {
  const short = name.length > 160 ? name.slice(0, 160) : name
  return (isAsync ? 'a' : '') + PART + line + PART + column + PART + short + PART + file
}

const DEPTH = 10
const keepSites = (_: unknown, sites: unknown): unknown => sites

/** The stack of now, unformatted (about 1 us): V8 formats it when `stack` is first read. */
export interface Site {
  stack?: unknown
}

export function takeSite(below: (...args: never[]) => unknown): Site {
  const site: Site = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = DEPTH
  Error.captureStackTrace(site, below)
  Error.stackTraceLimit = limit
  return site
}

/** The first frame of the program's own code, else the first of all; '' when there is none. */
export function siteName(site: Site): string {
  const prepare = Error.prepareStackTrace
  Error.prepareStackTrace = keepSites
  let frames: unknown
  try {
    frames = site.stack
  } finally {
    if (prepare === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
    else Error.prepareStackTrace = prepare
  }
  if (!Array.isArray(frames)) return ''
  const sites = frames as NodeJS.CallSite[]
  const own = sites.find((frame) => isOwnCode(frame.getFileName() ?? '')) ?? sites[0]
  if (!own) return ''
  const file = own.getFileName() ?? ''
  return frameName(own.getFunctionName() ?? '', file, own.getLineNumber() ?? 0, own.getColumnNumber() ?? 0, false)
}

function isOwnCode(file: string): boolean {
  return file !== '' && !file.startsWith('node:') && !file.includes('/node_modules/') && !file.includes('\\node_modules\\')
}
