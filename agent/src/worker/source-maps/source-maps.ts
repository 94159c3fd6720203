/**
 * Brings frames to the author's files, on the agent's worker: a file is read when the first of its positions is asked for,
 * its map is walked once for all that are, and neither is kept. Everything is asynchronous or in slices of a millisecond, as
 * the watchdog must not wait. A map that is broken says nothing: the generated position stays.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Position, Resolved, ResolveFrame } from '@loopscope/collector'
import { findMap, readBounded, type FoundMap } from './find-map.ts'
import { jsonFields, type Range } from './json-fields.ts'
import { locate, type Query, type Segment } from './mappings.ts'
import { functionName, sourceName } from './source-name.ts'
import { GeneratedText } from './text.ts'

export interface SourceMapsOptions {
  now: () => number
  /** Calls `run` after so many ms; must not keep the process alive. */
  later: (run: () => void, ms: number) => void
}

interface Asked {
  position: Position
  done: (resolved: Resolved) => void
}

interface KnownFile {
  path: string
  asked: Asked[]
  /** When it was written; a file that has changed since is not what runs. */
  changedAt: number | undefined
  isOver: boolean
  isScheduled: boolean
  nextAt: number
}

/** Positions are collected for so long before a file is read. */
const COLLECT_MS = 20
/** Reading again for new positions may take this part of the time, and waits for this long at the most. */
const SHARE = 0.05
const LONGEST_WAIT_MS = 5000
const SLICE_MS = 1
/** More files than this stay as they are. */
const MAX_FILES = 500
const MAX_SOURCES = 100_000

export class SourceMaps {
  readonly #options: SourceMapsOptions
  readonly #files = new Map<string, KnownFile>()
  /** What this thread has worked for them, in ms. */
  #spent = 0
  /** One file at a time. */
  #working: Promise<void> = Promise.resolve()

  constructor(options: SourceMapsOptions) {
    this.#options = options
  }

  readonly resolve: ResolveFrame = (position, done) => {
    const file = this.#fileOf(position.file)
    if (!file || file.isOver) return done({})
    file.asked.push({ position, done })
    if (file.isScheduled) return
    file.isScheduled = true
    const { now, later } = this.#options
    later(() => (this.#working = this.#working.then(() => this.#work(file))), Math.max(COLLECT_MS, file.nextAt - now()))
  }

  #fileOf(name: string): KnownFile | undefined {
    let file = this.#files.get(name)
    if (file || this.#files.size >= MAX_FILES) return file
    const path = pathOf(name)
    if (path === undefined) return undefined
    file = { path, asked: [], changedAt: undefined, isOver: false, isScheduled: false, nextAt: 0 }
    this.#files.set(name, file)
    return file
  }

  async #work(file: KnownFile): Promise<void> {
    const { now } = this.#options
    const asked = file.asked.splice(0)
    file.isScheduled = false
    const before = this.#spent
    let answers: Resolved[] = []
    try {
      answers = await this.#answer(file, asked)
    } catch {
      file.isOver = true // not there, or broken: it will not get better
    }
    file.nextAt = now() + Math.min(LONGEST_WAIT_MS, (this.#spent - before) / SHARE)
    for (const [i, { done }] of asked.entries()) done(answers[i] ?? {})
    if (file.isOver) for (const { done } of file.asked.splice(0)) done({})
  }

  async #answer(file: KnownFile, asked: readonly Asked[]): Promise<Resolved[]> {
    const read = await readBounded(file.path)
    if (!read || (file.changedAt ?? read.changedAt) !== read.changedAt) {
      file.isOver = true
      return []
    }
    file.changedAt = read.changedAt
    const began = this.#options.now()
    const text = new GeneratedText(read.bytes)
    const answers: Resolved[] = asked.map(({ position: { line, column } }) => {
      const call = text.callAt(line, column)
      return call === undefined ? {} : { call }
    })
    const queries = queriesOf(asked, text)
    this.#spent += this.#options.now() - began
    try {
      const map = await findMap(file.path, read.bytes)
      if (map) await this.#place(answers, map, queries)
    } catch {
      file.isOver = true // no map that can be read: what the text says still holds
    }
    return answers
  }

  async #place(answers: Resolved[], { bytes, base }: FoundMap, queries: Query[]): Promise<void> {
    const { sources, names, root, segments } = await this.#map(bytes, queries)
    for (const [i, [covering, name]] of segments.entries()) {
      const answer = answers[i]!
      const file = covering && sourceName(sources[covering.source], root, base)
      if (!covering || file === undefined || !isPlace(covering)) continue
      answer.place = { file, line: covering.line + 1, column: covering.column + 1 }
      const called = functionName(names[covering.name])
      if (called !== undefined) answer.call = called
      const fn = name && functionName(names[name.name])
      if (fn !== undefined) answer.place.function = fn
    }
  }

  /** For each position the segment that covers it, and the one of its function's name. */
  async #map(bytes: Buffer, queries: Query[]) {
    const fields = await this.#inSlices(jsonFields(bytes))
    const value = (name: string): unknown => parsed(bytes, fields.get(name))
    const sources = value('sources')
    const names = value('names') ?? []
    if (value('version') !== 3 || !Array.isArray(sources) || !Array.isArray(names))
      throw new SyntaxError('no source map')
    if (sources.length > MAX_SOURCES) throw new RangeError('too many sources')
    const range = fields.get('mappings')
    if (!range || bytes[range[0]] !== 0x22) throw new SyntaxError('a source map without mappings')
    const answers = await this.#inSlices(locate(bytes.subarray(range[0] + 1, range[1] - 1), queries))
    const segments: [Segment | undefined, Segment | undefined][] = []
    for (let i = 0; i < answers.length; i += 2) segments.push([answers[i], answers[i + 1]])
    return { sources: sources as unknown[], names: names as unknown[], root: value('sourceRoot'), segments }
  }

  async #inSlices<T>(work: Generator<void, T>): Promise<T> {
    const { now } = this.#options
    for (;;) {
      const began = now()
      let step = work.next()
      while (!step.done && now() - began < SLICE_MS) step = work.next()
      this.#spent += now() - began
      if (step.done) return step.value
      await nextTurn()
    }
  }
}

/** Two for each position: what covers it, and the name of its function (one that cannot be found has a line before all). */
function queriesOf(asked: readonly Asked[], text: GeneratedText): Query[] {
  return asked.flatMap(({ position: { line, column, begin, function: fn } }) => {
    const [beginLine = 0, beginColumn = 0] = begin.split(':').map(Number)
    const name = begin === '' ? undefined : text.nameColumn(fn, beginLine, beginColumn)
    return [
      { line: line - 1, column: column - 1, exact: false },
      { line: name === undefined ? -1 : beginLine - 1, column: (name ?? 0) - 1, exact: true },
    ]
  })
}

function isPlace({ line, column }: Segment): boolean {
  return line >= 0 && column >= 0 && line < 2 ** 31 && column < 2 ** 31
}

function parsed(bytes: Buffer, range: Range | undefined): unknown {
  return range && JSON.parse(bytes.toString('utf8', range[0], range[1]))
}

/** Files of the program alone: Node's have no map, and those of packages are not the author's business. */
function pathOf(file: string): string | undefined {
  if (/(^|[\\/])node_modules[\\/]/.test(file)) return undefined
  if (!file.startsWith('file:')) return /^(\/|[a-z]:[\\/])/i.test(file) ? file : undefined
  try {
    return fileURLToPath(file)
  } catch {
    return undefined
  }
}
