/**
 * What a process was stuck in when it was killed: the agent's worker writes an open block to a file while it lasts, and
 * takes the file away when it has ended. A file whose process is gone is what that process ended in. One file for each
 * thread with an open block, in a directory of the user's; the next start of the program and `loopscope blocks --last`
 * read them.
 */
import type { LocalPlace } from './local.ts'
import type { BlockRow } from './rows.ts'

export const BLACK_BOX_VERSION = 1

export interface BlackBoxRecord {
  version: number
  /** Unix ms: the process was alive then, and the block lasted. */
  writtenAt: number
  service: string
  pid: number
  host: string
  node: string
  agent: string
  startedAt: number
  cwd: string
  /** The program's file, as it was given. */
  script: string
  /** Without arguments and values of options: they may hold secrets. */
  command: string
  /** The system's own word for when the process started, so that a pid that came round again is not taken for it. */
  processStart: string | null
  block: BlockRow
}

/** A record; and one that the next start has told of. */
export const RECORD_FILE = /^[\w-]+(\.told)?\.json$/

export interface BlackBoxPlace extends LocalPlace {
  homeDirectory: string
}

/**
 * Where records are, the first one that can be written: XDG's place for what is to outlive a restart, which the runtime
 * directory of the sockets is not (it goes with the user's last session); where there is no home, the temporary directory.
 */
export function blackBoxDirectories({ uid, environment, temporaryDirectory, homeDirectory }: BlackBoxPlace): string[] {
  const state = environment['XDG_STATE_HOME'] ?? ''
  const places = [`${temporaryDirectory}/loopscope-${uid ?? 'user'}/state`]
  // XDG: a path that is not absolute is to be ignored.
  if (/^([\\/]|[A-Za-z]:)/.test(state)) places.unshift(`${state}/loopscope/blocks`)
  else if (homeDirectory !== '') places.unshift(`${homeDirectory}/.local/state/loopscope/blocks`)
  return places
}

/** undefined: not a record, or of a version that this reader does not know. */
export function parseRecord(text: string): BlackBoxRecord | undefined {
  let value: Partial<BlackBoxRecord> | null
  try {
    value = JSON.parse(text) as Partial<BlackBoxRecord> | null
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || value.version !== BLACK_BOX_VERSION) return undefined
  const texts = [value.service, value.host, value.node, value.agent, value.cwd, value.script, value.command]
  const numbers = [value.writtenAt, value.pid, value.startedAt]
  const isStart = value.processStart === null || typeof value.processStart === 'string'
  const isSound =
    texts.every((one) => typeof one === 'string') && numbers.every(Number.isFinite) && isStart && isBlock(value.block)
  return isSound ? (value as BlackBoxRecord) : undefined
}

/** As far as a table needs it; what goes on to others is checked in full. */
function isBlock(block: Partial<BlockRow> | undefined): boolean {
  if (typeof block !== 'object' || block === null) return false
  const { at, duration, instance, thread, cause, stack, victims, evidence } = block
  return (
    [at, duration].every(Number.isFinite) &&
    [instance, thread, cause].every((one) => typeof one === 'string') &&
    [block.function, block.file, block.route].every((one) => one === null || typeof one === 'string') &&
    Array.isArray(stack) &&
    [victims, evidence].every((one) => typeof one === 'object' && one !== null)
  )
}

/** What a reader can find out about processes. */
export interface ProcessView {
  host: string
  now: number
  /** null: there is no such process; undefined: there is one, since when is not known. */
  startOf: (pid: number) => string | null | undefined
}

/** A record is written again at least this often; of another host nothing else can be known. */
const LONGEST_SILENCE_MS = 60_000

/** Whether the record's process is gone, so that it ended within this block. */
export function hasEnded({ host, pid, processStart, writtenAt }: BlackBoxRecord, view: ProcessView): boolean {
  if (host !== view.host) return view.now - writtenAt > LONGEST_SILENCE_MS
  const start = view.startOf(pid)
  if (start === null) return true
  return start !== undefined && processStart !== null && start !== processStart
}

/** The row that tells of it, in the tables of `successor` where there is one. */
export function fatalRow(record: BlackBoxRecord, id: string, successor?: string): BlockRow {
  const { open: _open, ...block } = record.block
  return { ...block, id, fatal: true, ...(successor === undefined ? {} : { successor }) }
}

/** Field 22 of /proc/PID/stat; the name before it stands in parentheses and may hold any character. */
export function startOfStat(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}
