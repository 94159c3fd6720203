/** The real server with a snapshot of ours behind it: what the commands and the screen are tested against. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Collector, startServer, type RunningServer } from '@loopscope/collector'
import type { InstanceSnapshot } from '@loopscope/collector/protocol'
import { sampledSource } from '../../../collector/src/testing/profile.ts'
import { snapshotOf } from '../../../collector/src/testing/snapshot.ts'

export interface Served extends RunningServer {
  url: string
  collector: Collector
  /** As XDG_RUNTIME_DIR it makes the socket of this server the only local one. */
  runtimeDirectory: string
  environment: Record<string, string>
  /** What it says from now on. */
  change: (edit: (snapshot: InstanceSnapshot) => void) => void
}

export interface ServeOptions {
  token?: string
  /** The pid that the name of the socket says. */
  pid?: number
  listen?: string
  intervalMs?: number
  id?: string
  runtimeDirectory?: string
}

export async function serve(options: ServeOptions = {}): Promise<Served> {
  const runtimeDirectory = options.runtimeDirectory ?? mkdtempSync(join(tmpdir(), 'loopscope-test-'))
  const collector = new Collector({ cacheMs: 0 })
  const edits: ((snapshot: InstanceSnapshot) => void)[] = []
  const id = options.id ?? 'shop-api-4242-0'
  collector.add({
    id,
    snapshot: (now) => {
      const snapshot = snapshotOf(id, now)
      for (const edit of edits) edit(snapshot)
      return snapshot
    },
    ...sampledSource(id, Date.now),
  })
  const server = await startServer({
    collector,
    now: Date.now,
    version: '0.1.0',
    log: () => {},
    listen: options.listen ?? '127.0.0.1:0',
    socketPath: join(runtimeDirectory, `loopscope-${process.getuid?.() ?? 'user'}`, `${options.pid ?? 4242}.sock`),
    ...(options.token === undefined ? {} : { token: options.token }),
    limits: { intervalMs: options.intervalMs ?? 100 },
  })
  return {
    ...server,
    url: server.url ?? '',
    collector,
    runtimeDirectory,
    environment: { XDG_RUNTIME_DIR: runtimeDirectory },
    change: (edit) => void edits.push(edit),
    close: async () => {
      await server.close()
      rmSync(runtimeDirectory, { recursive: true, force: true })
    },
  }
}
