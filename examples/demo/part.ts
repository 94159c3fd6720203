/** One process of the demo: what it says goes to a log file, its end is known, and it can be ended for sure. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const KILL_AFTER_MS = 5000
const LOOK_EVERY_MS = 25

export interface Part {
  name: string
  pid: number
  /** How it ended: 'exit code 1', 'SIGKILL'. */
  ended: Promise<Ending>
  /** Waits until it has said something of this form; rejects if it ends before, or is late. */
  says(pattern: RegExp, withinMs: number): Promise<RegExpExecArray>
  /** SIGTERM, and SIGKILL five seconds later. */
  stop(): Promise<void>
}

export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface PartOptions {
  name: string
  args: string[]
  cwd: string
  env?: NodeJS.ProcessEnv
  /** null: it has the terminal. */
  log: string | null
}

/** A part of the demo is not there when it should be. `log` is where to read more. */
export class PartError extends Error {
  log: string | null
  constructor(message: string, log: string | null) {
    super(message)
    this.log = log
  }
}

/** Starts `node ...args`. Rejects if it cannot be started at all. */
export async function startPart({ name, args, cwd, env, log }: PartOptions): Promise<Part> {
  const file = log === null ? null : openSync(log, 'a')
  // Detached: Ctrl-C goes to the whole process group of a terminal, and who is ended in which order is decided here.
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: log !== null,
    stdio: file === null ? 'inherit' : ['ignore', file, file],
  })
  if (file !== null) closeSync(file)
  const ended = new Promise<Ending>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
  const pid = await started(child, name)
  let over: Ending | null = null
  void ended.then((ending) => (over = ending))

  return {
    name,
    pid,
    ended,
    async says(pattern, withinMs) {
      const deadline = performance.now() + withinMs
      for (;;) {
        const dead = over
        const found = log === null ? null : pattern.exec(readFileSync(log, 'utf8'))
        if (found) return found
        if (dead) throw unexpectedEnd(name, dead, log)
        if (performance.now() > deadline) throw new PartError(`${name} is not ready after ${withinMs / 1000} s`, log)
        await sleep(LOOK_EVERY_MS)
      }
    },
    async stop() {
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
      await ended
      clearTimeout(kill)
    },
  }
}

async function started(child: ChildProcess, name: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) => reject(new Error(`${name} could not be started: ${cause.message}`, { cause })))
  })
  return child.pid!
}

/** Rejects when a part ends that has no reason to; `fine` says which ends are all right, and then it never settles. */
export async function failure(part: Part, log: string | null, fine = (_: Ending) => false): Promise<never> {
  const ending = await part.ended
  if (fine(ending)) return new Promise(() => {})
  throw unexpectedEnd(part.name, ending, log)
}

function unexpectedEnd(name: string, { code, signal }: Ending, log: string | null): PartError {
  const last = log === null ? '' : lastLines(log)
  return new PartError(`${name} ended unexpectedly (${signal ?? `exit code ${code}`})${last}`, log)
}

function lastLines(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-10)
  return lines.join('') === '' ? '' : `; the last that it said:\n${lines.map((line) => `  | ${line}`).join('\n')}`
}
