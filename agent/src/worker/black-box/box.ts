/**
 * Writes the open blocks of this process to disk while they last, the first time after a second and then ever more rarely,
 * and takes them away when they have ended. There is no fsync: a killed process loses nothing that it has written; only a
 * machine that loses its power does.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { BLACK_BOX_VERSION, CONTROL, type BlackBoxRecord, type BlockRow } from '@loopscope/collector/protocol'
import type { Log } from '../../log.ts'
import { prepareDirectory, remove, rotate, writeWhole } from './directory.ts'

/** What of an observed thread matters here. */
export interface HeldThread {
  readonly threadId: number
  readonly isClosed: boolean
  readonly model: {
    readonly blocks: { openRow(now: number, thread: string): BlockRow | undefined }
    readonly identity: { thread: string }
  }
}

export interface BlackBoxOptions {
  /** The first that can be used is. */
  directories: readonly string[]
  process: Omit<BlackBoxRecord, 'version' | 'writtenAt' | 'block'>
  /** Of the main thread's channel. */
  control: Int32Array
  log: Log
  now: () => number
  unixNow: () => number
}

const FIRST_MS = 1000
/** The next time after a quarter of what it has lasted: the duration is known as well as that. */
const GROWTH = 0.25
const LONGEST_GAP_MS = 15_000
/** How often it is looked whether a block that is on disk lasts. */
const REVIEW_MS = 100
const MAX_BYTES = 32 * 1024

interface Entry {
  path: string | undefined
  name: string
  /** Of the block. */
  nextMs: number
}

export class BlackBox {
  readonly #options: BlackBoxOptions
  readonly #entries = new Map<HeldThread, Entry>()
  #timer: NodeJS.Timeout | undefined
  #directory: string | undefined

  constructor(options: BlackBoxOptions) {
    this.#options = options
  }

  /** Its loop has been held for so long, and still is. */
  held(thread: HeldThread, ms: number): void {
    if (ms < FIRST_MS || this.#entries.has(thread)) return
    const { startedAt, pid } = this.#options.process
    const name = [startedAt.toString(36), pid, thread.threadId, randomBytes(3).toString('hex')].join('-') + '.json'
    this.#entries.set(thread, { path: undefined, name, nextMs: FIRST_MS })
    this.#review()
    if (this.#entries.size > 0) this.#timer ??= setInterval(() => this.#review(), REVIEW_MS)
  }

  #review(): void {
    const { control, now } = this.#options
    const isEnding = control[CONTROL.closed] === 1
    for (const [thread, entry] of this.#entries) {
      const row =
        isEnding || thread.isClosed ? undefined : thread.model.blocks.openRow(now(), thread.model.identity.thread)
      if (row === undefined || row.duration < FIRST_MS) this.#end(thread, entry)
      else if (row.duration >= entry.nextMs) this.#write(entry, row)
    }
    this.#tell()
    if (this.#entries.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #end(thread: HeldThread, { path }: Entry): void {
    this.#entries.delete(thread)
    if (path !== undefined) remove(path)
  }

  #write(entry: Entry, block: BlockRow): void {
    const { process, log, unixNow } = this.#options
    entry.nextMs = block.duration + Math.min(LONGEST_GAP_MS, block.duration * GROWTH)
    const record: BlackBoxRecord = { version: BLACK_BOX_VERSION, writtenAt: unixNow(), ...process, block }
    try {
      this.#directory ??= this.#choose()
      if (entry.path === undefined) rotate(this.#directory, unixNow())
      writeWhole(this.#directory, entry.name, bounded(record))
      entry.path = join(this.#directory, entry.name)
    } catch (error) {
      this.#directory = undefined
      const what = `what blocks the loop cannot be written to disk (${(error as Error).message})`
      log(
        'warn',
        'black-box',
        `${what}: a kill in the middle of it leaves no trace; set XDG_STATE_HOME to a writable directory`,
      )
    }
  }

  /** The first directory's problem is the one to tell: it is where the user would look. */
  #choose(): string {
    let problem: unknown
    for (const directory of this.#options.directories) {
      try {
        prepareDirectory(directory)
        return directory
      } catch (error) {
        problem ??= error
      }
    }
    throw problem
  }

  /** Whoever exits meanwhile waits for this. */
  #tell(): void {
    const { control } = this.#options
    const isRecorded = [...this.#entries.values()].some(({ path }) => path !== undefined)
    Atomics.store(control, CONTROL.recorded, isRecorded ? 1 : 0)
    if (!isRecorded) Atomics.notify(control, CONTROL.recorded)
  }
}

/** The routes that waited, and the outer frames, are what may be left out. */
function bounded(record: BlackBoxRecord): string {
  const whole = JSON.stringify(record)
  if (whole.length <= MAX_BYTES) return whole
  const { stack, victims } = record.block
  const byRoute = Object.fromEntries(
    Object.entries(victims.byRoute)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 20),
  )
  const block = { ...record.block, victims: { ...victims, byRoute }, stack: stack.slice(0, 8) }
  return JSON.stringify({ ...record, block })
}
