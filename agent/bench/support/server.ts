/** The servers that are measured, each in a process of its own, with the agent or without. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Child, Children } from './children.ts'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SERVERS = new URL('../servers/', import.meta.url)

export function serverFile(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, SERVERS))
}

export const AGENT_PRELOAD = ['--import', 'agent']
/** A server that is killed in a block (under valgrind all take long) leaves a record, which the next one would tell of. */
const state = mkdtempSync(join(tmpdir(), 'ls-bench-'))
process.on('exit', () => rmSync(state, { recursive: true, force: true }))
/** Nothing is there to be scraped, yet the worker listens, as it does for everybody. */
export const AGENT_ENVIRONMENT = {
  NODE_ENV: 'production',
  LOOPSCOPE_LISTEN: '127.0.0.1:0',
  XDG_STATE_HOME: state,
}

export interface Usage {
  /** Of the whole process, all threads, in microseconds. */
  cpu: { user: number; system: number }
  rss: number
  /** After a collection, where the server was started with --expose-gc. */
  heap: number
}

export interface Server {
  readonly port: number
  readonly pid: number
  usage(): Promise<Usage>
  /** Rejects if the agent has complained meanwhile: what half of it costs means nothing. */
  stop(): Promise<void>
}

export interface ServerOptions {
  name: string
  node?: string
  prefix?: readonly string[]
  nodeArgs?: readonly string[]
  environment?: NodeJS.ProcessEnv
}

export async function startServer(children: Children, options: ServerOptions): Promise<Server> {
  const { name, environment, ...rest } = options
  const child: Child = children.start({
    ...rest,
    script: serverFile(name),
    cwd: ROOT,
    environment: { ...AGENT_ENVIRONMENT, ...environment },
  })
  const { port } = await child.receive<{ port: number }>()
  return {
    port,
    pid: child.pid,
    usage: () => child.ask<Usage>({ ask: 'usage' }),
    async stop() {
      const complaint = /^loopscope: .*/m.exec(child.said())?.[0]
      await child.stop()
      if (complaint !== undefined) throw new Error(`${name}: the agent did not run as it should. It said: ${complaint}`)
    },
  }
}

/** `taskset -c CORE`, where there are two cores and taskset. */
export function pinnedTo(core: number): string[] {
  const can = process.platform === 'linux' && availableParallelism() >= 2
  return can && spawnSync('taskset', ['-c', String(core), 'true']).status === 0 ? ['taskset', '-c', String(core)] : []
}

/** The agent is measured as it is shipped. */
export function requireBuild(): void {
  if (existsSync(new URL('../../dist/agent.js', import.meta.url))) return
  throw new Error('the agent is not built. Run `npm run build` first.')
}

export function cpuBetween(before: Usage, after: Usage): number {
  return after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
}
