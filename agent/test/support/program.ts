/**
 * Runs a small program under the agent, as a user would: `node --import agent program.js` in the root of the repository.
 * It is asked over its local socket, which is in a directory of this test file's own, so that files do not meet.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { socketPath, type TableName, type Tables } from '@loopscope/collector/protocol'
import { ask, type Answer } from './ask.ts'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
export const PROGRAMS = fileURLToPath(new URL('../programs/', import.meta.url))
export const AGENT = ['--import', 'agent']

/** Generous: the machine may be busy with other test files. */
const DEADLINE_MS = 20_000

const runtimeDirectory = mkdtempSync(join(tmpdir(), 'ls-'))
process.on('exit', () => rmSync(runtimeDirectory, { recursive: true, force: true }))

export interface RunOptions {
  /** Arguments of Node before the program; the agent alone if not given. */
  node?: readonly string[]
  /** Arguments of the program. */
  args?: readonly string[]
  environment?: Record<string, string>
  cwd?: string
  /** Another Node. */
  execPath?: string
  /** Written to stdin, which is then closed; without it stdin stays open. */
  input?: string
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** What a test context and a suite's own list of clean-ups have in common. */
export interface Cleanup {
  after(fn: () => Promise<void> | void): void
}

/** The environment of this process without what would reach into the program. */
export function cleanEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const clean: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(LOOPSCOPE_|OTEL_|NODE_|npm_)/i.test(name)) clean[name] = value
  }
  const own = { XDG_RUNTIME_DIR: runtimeDirectory, XDG_STATE_HOME: join(runtimeDirectory, 'state') }
  return { ...clean, ...own, LOOPSCOPE_LISTEN: 'unix', ...more }
}

export function socketOf(
  pid: number,
  environment: Record<string, string> = { XDG_RUNTIME_DIR: runtimeDirectory },
): string {
  return socketPath(pid, {
    platform: process.platform,
    uid: process.getuid?.(),
    environment,
    temporaryDirectory: tmpdir(),
  })
}

export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  readonly #environment: Record<string, string>
  #isOver = false

  constructor(command: string, args: readonly string[], options: RunOptions) {
    this.#environment = cleanEnvironment(options.environment)
    this.child = spawn(command, args, { cwd: options.cwd ?? ROOT, env: this.#environment })
    this.child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (this.stdout += chunk))
    this.child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (this.stderr += chunk))
    this.child.stdin!.on('error', () => {})
    if (options.input !== undefined) this.child.stdin!.end(options.input)
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      this.#isOver = true
      return {
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        stdout: this.stdout,
        stderr: this.stderr,
      }
    })
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Waits until `look` finds something; names what was awaited when it does not come. */
  async until<T>(
    what: string,
    look: () => Promise<T | undefined> | T | undefined,
    deadlineMs = DEADLINE_MS,
  ): Promise<T> {
    const end = performance.now() + deadlineMs
    let problem = ''
    while (performance.now() < end) {
      try {
        const found = await look()
        if (found !== undefined) return found
      } catch (error) {
        problem = ` (${(error as Error).message})`
      }
      if (this.#isOver) break
      await sleep(30)
    }
    const state = this.#isOver ? 'the program ended before' : `not within ${deadlineMs} ms`
    throw new Error(`${what}: ${state}${problem}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`)
  }

  /** The first line of stdout that matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(`a line ${pattern}`, () => pattern.exec(this.stdout) ?? undefined)
  }

  /** Asks the agent, over the local socket. */
  ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return ask({ socketPath: socketOf(this.pid, this.#environment) }, path, headers)
  }

  /** The agent answers. */
  ready(): Promise<Answer> {
    return this.until('an answer of the agent', () => this.ask('/healthz'))
  }

  async table<T extends TableName>(name: T): Promise<Tables[T]> {
    const { status, body } = await this.ask(`/api/v1/${name}`)
    if (status !== 200) throw new Error(`${name}: ${status} ${body}`)
    return (JSON.parse(body) as { items: Tables[T] }).items
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    if (!this.#isOver) this.child.kill(signal)
    return this.ended
  }
}

/** Starts `programs/NAME`, or a path; it is killed at the end of the test. */
export function start(cleanup: Cleanup, program: string, options: RunOptions = {}): Running {
  const file = /^[/-]/.test(program) ? program : join(PROGRAMS, program)
  const args = [...(options.node ?? AGENT), file, ...(options.args ?? [])]
  return startCommand(cleanup, options.execPath ?? process.execPath, args, options)
}

export function startCommand(
  cleanup: Cleanup,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Running {
  const running = new Running(command, args, options)
  cleanup.after(async () => {
    await running.stop()
  })
  return running
}

/** Runs it to its end. */
export async function run(cleanup: Cleanup, program: string, options: RunOptions = {}): Promise<Ended> {
  const running = start(cleanup, program, { input: '', ...options })
  const timer = setTimeout(() => running.child.kill('SIGKILL'), DEADLINE_MS)
  const ended = await running.ended
  clearTimeout(timer)
  return ended
}
