/**
 * Captures as they come in events: frames are looked up by their names, brought to the author's files by `resolve`, and put
 * together to stacks. A frame is one object for all stacks; when its source map is there, it changes in place.
 */
import type { Frame } from '../protocol/rows.ts'
import { ZLIB_WRAPPER } from './api-name.ts'
import { parseFrame, shortFile, withoutAgent } from './frame.ts'

export interface Capture {
  turn: number
  at: number
  reason: number
  activity: number
  /** Innermost first. */
  stack: Frame[]
  /** ms that it had to wait for, where that is a ms at least. */
  late?: number
  /** In which callback of the loop; see EVENT.callback. `at`: when the capture was done, `over`: when the callback was. */
  callback?: { at: number; id: number; promiseIndex: number; over?: number }
  /** It ran inside allowBlocking(): why. */
  allowed?: string
}

/** A position as V8 gives it. */
export interface Position {
  file: string
  line: number
  column: number
  function: string
  /** "line:column" of where its function begins; '' if that is not known. */
  begin: string
}

export interface Resolved {
  /** Where the author wrote it; without a source map that can be trusted nothing is said. */
  place?: { file: string; line: number; column: number; function?: string }
  /** The name of what is called at the position. */
  call?: string
}

/** Calls back once, at once or later, where there is something to say; otherwise with {}. */
export type ResolveFrame = (position: Position, done: (resolved: Resolved) => void) => void

export interface CapturesOptions {
  name: (id: number) => string
  cwd: string
  /** The agent's own file: its frames are left out of stacks. */
  agentFile: string
  resolve?: ResolveFrame
  /** A frame has changed. */
  changed: () => void
}

interface Known {
  /** undefined: a frame of the agent's. */
  frame: Frame | undefined
  isAtEntry: boolean
  /** A native that the agent has wrapped: a capture that had to wait for another one was taken before it was called. */
  isWrapped: boolean
}

/** Taken so long after it was asked for, a capture had to wait for a native call to return; others take half a ms. */
const LATE_MS = 1
/** The time of an `update` shows up at the entry of the `digest` or `final` that is chained to it. */
const LAST_STEPS = /^node:internal\/crypto\/(hash|cipher)$/
/** See EVENT.capture. */
const COUNTS = 64

export class Captures {
  readonly #options: CapturesOptions
  readonly #agentFile: string
  readonly #known = new Map<number, Known>()
  readonly #pending = new Set<Frame>()
  /** What a frame calls, by the text of its source. */
  readonly #calls = new Map<Frame, string>()
  /** zlib's shared wrapper, by who calls it. */
  readonly #zlib = new Map<Frame, Frame>()
  #collecting: { capture: Capture; missing: number; isLate: boolean; isPast: boolean } | undefined

  constructor(options: CapturesOptions) {
    this.#options = options
    this.#agentFile = shortFile(options.agentFile, options.cwd)
  }

  /** The head of a capture; the capture itself when it has no frames. */
  begin(turn: number, at: number, activity: number, code: number): Capture | undefined {
    const reason = code % 4
    const rest = (code - reason) / 4
    const missing = rest % COUNTS
    const late = (rest - missing) / COUNTS
    const isLate = late >= LATE_MS
    const capture: Capture = { turn, at, reason, activity, stack: [], ...(isLate ? { late } : {}) }
    this.#collecting = missing === 0 ? undefined : { capture, missing, isLate, isPast: false }
    return missing === 0 ? capture : undefined
  }

  /** Four frames more; the capture once it is complete. */
  more(names: readonly number[]): Capture | undefined {
    const collecting = this.#collecting
    if (!collecting) return undefined
    const { capture, isLate } = collecting
    const { stack } = capture
    for (const name of names) {
      if (collecting.missing === 0) break
      collecting.missing--
      const { frame, isAtEntry, isWrapped } = this.#know(name)
      // A wrapper and what it lands in have one name.
      if (!frame || (isWrapped && frame.function === stack.at(-1)?.function)) continue
      if (isLate && stack.length === 0 && collecting.missing > 0) {
        // What has only just been entered did not hold the loop, nor what has called it back.
        if (isAtEntry && !collecting.isPast) {
          collecting.isPast = true
          continue
        }
        if (collecting.isPast && frame.file === '' && !isWrapped) continue
      }
      stack.push(frame)
    }
    if (collecting.missing > 0) return undefined
    this.#collecting = undefined
    this.#nameZlib(stack)
    return capture
  }

  /** Of a site; the agent takes none of its own. */
  frame(name: number): Frame | undefined {
    return this.#know(name).frame
  }

  /** Nothing of it can change any more. */
  isSettled(stack: readonly Frame[]): boolean {
    return this.#pending.size === 0 || !stack.some((frame) => this.#pending.has(frame))
  }

  #know(name: number): Known {
    let known = this.#known.get(name)
    if (known) return known
    const { frame: parsed, source, begin, isAtEntry } = parseFrame(this.#options.name(name), this.#options.cwd)
    const frame = withoutAgent(parsed, this.#agentFile)
    const isAgents = frame !== parsed
    known = { frame, isAtEntry: isAtEntry && !isAgents && !LAST_STEPS.test(source), isWrapped: isAgents }
    this.#known.set(name, known)
    if (frame === parsed && source !== '') this.#resolve(frame, source, begin)
    return known
  }

  #resolve(frame: Frame, file: string, begin: string): void {
    const { resolve, cwd, changed } = this.#options
    if (!resolve) return
    const { line, column, function: fn } = frame
    let isOver = false
    resolve({ file, line, column, function: fn, begin }, ({ place, call }) => {
      const wasPending = this.#pending.delete(frame)
      isOver = true
      if (call !== undefined) this.#calls.set(frame, call)
      const wrapper = this.#zlib.get(frame)
      if (wrapper && call !== undefined) nameZlib(wrapper, call)
      if (place) Object.assign(frame, place, { file: shortFile(place.file, cwd) })
      if (wasPending) changed()
    })
    if (!isOver) this.#pending.add(frame)
  }

  /** gzipSync, inflateSync and all the others are one function: the line that calls it says which. */
  #nameZlib(stack: Frame[]): void {
    const at = stack.findIndex((frame) => frame.function === ZLIB_WRAPPER)
    const caller = stack[at + 1]
    if (at < 0 || !caller) return
    let named = this.#zlib.get(caller)
    if (!named) {
      named = { ...stack[at]! }
      this.#zlib.set(caller, named)
      const call = this.#calls.get(caller)
      if (call !== undefined) nameZlib(named, call)
    }
    stack[at] = named
  }
}

function nameZlib(frame: Frame, call: string): void {
  if (call.endsWith('Sync')) frame.function = call
}
