/** A program that plants blocks, under the agent; its blocks are collected while it runs, its truth at the end. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { socketPath, type BlockRow } from '@loopscope/collector/protocol'
import type { Children } from '../support/children.ts'
import { ROOT } from '../support/server.ts'
import { ask, type Where } from './ask.ts'

export interface TargetOptions {
  children: Children
  program: string
  args?: readonly string[]
  node: string
  prefix: readonly string[]
  environment: Record<string, string>
}

export interface Target {
  pid: number
  port: number
  socket: Where
  /** Blocks since the start, the newest description of each. */
  rows: ReadonlyMap<string, BlockRow>
  /** Collects the blocks of so far; the agent keeps some hundred. */
  collect(): Promise<void>
  /** What the program wrote down. */
  truth<T>(): Promise<T>
  /** A message to the program, and its answer. */
  ask<T>(message: object): Promise<T>
  stop(): Promise<void>
}

export async function startTarget({
  children,
  program,
  args = [],
  node,
  prefix,
  environment,
}: TargetOptions): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'ls-'))
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeFolder)
  const place = { XDG_RUNTIME_DIR: folder }
  const child = children.start({
    node,
    prefix,
    nodeArgs: ['--import', 'agent'],
    script: fileURLToPath(new URL(`programs/${program}.js`, import.meta.url)),
    args,
    cwd: ROOT,
    // Its temporary files go with the folder: it is ended by a signal.
    environment: { ...place, TMPDIR: folder, LOOPSCOPE_LISTEN: 'unix', LOOPSCOPE_CONTEXT: 'on', ...environment },
  })
  const { port } = await child.receive<{ port: number }>()
  const path = socketPath(child.pid, {
    platform: process.platform,
    uid: process.getuid?.(),
    environment: place,
    temporaryDirectory: tmpdir(),
  })
  const socket = { socketPath: path }
  const rows = new Map<string, BlockRow>()
  let since = 0
  await waitFor(socket)

  return {
    pid: child.pid,
    port,
    socket,
    rows,
    async collect() {
      // What is known of a block grows for a while after its end: its collections, its victims' routes.
      const { now, items } = JSON.parse(await ask(socket, `/api/v1/blocks?since=${since}&limit=10000`)) as {
        now: number
        items: BlockRow[]
      }
      for (const row of items) if (!row.open) rows.set(row.id, row)
      since = Math.max(0, Math.floor(now - 10_000))
    },
    async truth<T>() {
      const file = join(folder, 'truth.json')
      await child.ask({ path: file })
      return JSON.parse(readFileSync(file, 'utf8')) as T
    },
    ask: (message) => child.ask(message),
    async stop() {
      await child.stop()
      removeFolder()
      process.off('exit', removeFolder)
    },
  }
}

async function waitFor(socket: Where): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask(socket, '/healthz')
      return
    } catch (error) {
      if (tries === 100) throw error
      await sleep(50)
    }
  }
}
