/** Runs a program with captures and without, and says where they differ. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SafetyProgram } from './programs.ts'

const PRELOAD = new URL('preload.js', import.meta.url).href

export interface Outcome {
  /** "0", or the signal that ended it. */
  end: string
  stdout: string
  stderr: string
  /** Hashes of what it wrote, by path. */
  files: ReadonlyMap<string, string>
  seconds: number
  captures: number
  /** Of all its processes together, from the preload to the exit. */
  observedSeconds: number
  processes: number
  /** The captures that fell into each part that the program names. */
  marks: readonly { name: string; captures: number }[]
}

export interface RunOptions {
  node: string
  /** Captures a second; 0: without the agent. */
  rate: number
  timeoutMs: number
  /** Is told how to end it early. */
  onStart?: (kill: () => void) => void
}

export async function runProgram(program: SafetyProgram, options: RunOptions): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-safety-'))
  try {
    return await runIn(folder, program, options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runIn(folder: string, program: SafetyProgram, options: RunOptions): Promise<Outcome> {
  const { node, rate, timeoutMs, onStart } = options
  const place = (name: string): string => {
    mkdirSync(join(folder, name))
    return join(folder, name)
  }
  const out = place('out')
  const counts = place('counts')
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(LOOPSCOPE_|OTEL_|NODE_|npm_|XDG_|FORCE_COLOR$)/i.test(name),
  )
  const agent = {
    NODE_OPTIONS: `--import ${PRELOAD}`,
    SAFETY_FOLDER: counts,
    SAFETY_RATE: String(rate),
    LOOPSCOPE_LISTEN: 'off',
    LOOPSCOPE_LOG: 'error',
    ...(program.hasNoHooks ? { LOOPSCOPE_LEVEL: 'minimal' } : {}),
  }
  const env = {
    ...Object.fromEntries(clean),
    XDG_STATE_HOME: place('state'),
    XDG_RUNTIME_DIR: place('run'),
    ...(rate > 0 ? agent : {}),
  }
  const began = performance.now()
  const child = spawn(node, program.args(out), {
    cwd: program.cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // The whole group: programs start others.
  const kill = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  onStart?.(kill)
  const timer = setTimeout(kill, timeoutMs)
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk))
  }
  const end = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? String(code)))
  })
  clearTimeout(timer)
  const seconds = (performance.now() - began) / 1000
  kill()
  const about = readdirSync(counts).map(
    (name) => JSON.parse(readFileSync(join(counts, name), 'utf8')) as Pick<Outcome, 'captures' | 'seconds' | 'marks'>,
  )
  const plain = (written: string): string => {
    const own = written.replaceAll(out, 'OUT').replace(/\(node:\d+\)/g, '(node:PID)')
    return program.plain ? program.plain(own) : own
  }
  return {
    end,
    stdout: plain(text.stdout),
    stderr: plain(text.stderr),
    files: hashes(out),
    seconds,
    captures: about.reduce((sum, { captures }) => sum + captures, 0),
    observedSeconds: about.reduce((sum, one) => sum + one.seconds, 0),
    processes: about.length,
    marks: about.flatMap(({ marks }) => marks),
  }
}

function hashes(folder: string): Map<string, string> {
  const files = globSync('**/*', { cwd: folder }).sort()
  const entries = files.filter((file) => statSync(join(folder, file)).isFile())
  return new Map(
    entries.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ]),
  )
}

/** The first difference of each kind; empty when there is none. */
export function differences(without: Outcome, withCaptures: Outcome): string[] {
  const found: string[] = []
  if (without.end !== withCaptures.end) found.push(`ended with ${withCaptures.end}, not ${without.end}`)
  for (const name of ['stdout', 'stderr'] as const) {
    const line = firstDifference(without[name], withCaptures[name])
    if (line !== undefined) found.push(`${name}, ${line}`)
  }
  for (const file of new Set([...without.files.keys(), ...withCaptures.files.keys()])) {
    if (without.files.get(file) === withCaptures.files.get(file)) continue
    found.push(`the file ${file}`)
    break
  }
  return found
}

function firstDifference(expected: string, found: string): string | undefined {
  if (expected === found) return undefined
  const [before, after] = [expected.split('\n'), found.split('\n')]
  const at = before.findIndex((line, i) => line !== after[i])
  const line = at < 0 ? before.length : at
  const [had, has] = [before[line] ?? '(nothing)', after[line] ?? '(nothing)']
  let column = 0
  while (column < had.length && had[column] === has[column]) column++
  const show = (text: string): string => JSON.stringify(text.slice(Math.max(0, column - 60), column + 100))
  return `line ${line + 1}, column ${column + 1}: ${show(has)}, not ${show(had)}`
}
