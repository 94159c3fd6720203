/** The observed program of `run`: started with the agent, its output kept, ended with everything that it started. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../errors.ts'
import { sanitise } from '../text/sanitise.ts'
import { stripVTControlCharacters } from 'node:util'
import { signalCode } from './ending.ts'

export interface Child {
  pid: number
  /** Where its output goes; null: it passes through. */
  log: string | null
  /** Its exit code, or 128 + the signal that ended it. */
  ended: Promise<number>
  running: () => boolean
  /** SIGTERM, and SIGKILL for what is left after a while. */
  end: () => Promise<void>
  /** At once and without waiting: for the process' own end. */
  kill: () => void
}

export interface ChildOptions {
  command: string[]
  env: Record<string, string | undefined>
  cwd: string
  /** false: output goes to standard error instead of a file. */
  toFile: boolean
  killAfterMs: number
}

export function agentUrl(): string {
  try {
    const url = import.meta.resolve('@loopscope/agent')
    if (existsSync(fileURLToPath(url))) return url
  } catch {
    // Said below.
  }
  throw new UserError(
    'the agent is not there',
    'install @loopscope/agent beside loopscope (in a clone of the repository: npm run build)',
  )
}

/** NODE_OPTIONS with the agent in front of what is there already: it must load before what it observes. */
export function withAgent(nodeOptions: string | undefined, url: string): string {
  return nodeOptions ? `--import ${url} ${nodeOptions}` : `--import ${url}`
}

export async function startChild({ command, env, cwd, toFile, killAfterMs }: ChildOptions): Promise<Child> {
  const log = toFile ? join(tmpdir(), `loopscope-run-${process.pid}.log`) : null
  const output = log === null ? 2 : openSync(log, 'w', 0o600)
  const [file, ...args] = command
  // A group of its own: what npm or a shell starts below it ends with it, and the terminal's Ctrl-C comes by us alone.
  const child = spawn(file!, args, {
    cwd,
    env: { ...env, NODE_OPTIONS: withAgent(env.NODE_OPTIONS, agentUrl()) },
    stdio: [toFile ? 'ignore' : 'inherit', output, output],
    detached: process.platform !== 'win32',
  })
  if (log !== null) closeSync(output)
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : signalCode(signal)))
  })
  await started(child, file!)
  const pid = child.pid!
  const running = () => child.exitCode === null && child.signalCode === null
  return {
    pid,
    log,
    ended,
    running,
    kill: () => signalGroup(pid, 'SIGKILL'),
    end: async () => {
      if (running()) signalGroup(pid, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), killAfterMs)
      await ended
      clearTimeout(timer)
      // Its own children may have ignored the first signal.
      signalGroup(pid, 'SIGKILL')
    },
  }
}

function started(child: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'ENOENT'
          ? 'there is no such command'
          : error.code === 'EACCES'
            ? 'it may not be executed'
            : error.message
      reject(
        new UserError(
          `cannot start ${sanitise(file)}: ${reason}`,
          'write it as you would without loopscope: loopscope run -- node server.js',
        ),
      )
    })
  })
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // Nobody is left.
  }
}

/** The last lines of its output, safe to print. */
export function tail(log: string, lines: number): string[] {
  try {
    const text = readFileSync(log, 'utf8').trimEnd()
    if (text === '') return []
    return text
      .slice(-64 * 1024)
      .split(/\r?\n/)
      .slice(-lines)
      .map((one) => sanitise(stripVTControlCharacters(one)))
  } catch {
    return []
  }
}
