/**
 * Whether anything is left behind: a million requests, and beside them clients that abort, stream, upgrade and pipeline.
 * At the end no activity is in flight, and the heaps of the program and of the agent are what they were after the first part.
 * The memory of the whole process says less: that of the same server without an agent grows by as much (buffers of sockets).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { socketPath, type Tables } from '@loopscope/collector/protocol'
import { runBench } from './support/bench.ts'
import { startLoad } from './support/load.ts'
import { ODD_KINDS, oddClients } from './support/odd-clients.ts'
import { count, number } from './support/options.ts'
import { AGENT_PRELOAD, pinnedTo, requireBuild, startServer } from './support/server.ts'
import { figure, table } from './support/table.ts'
import { ask } from './truth/ask.ts'

const MB = 1e6
/** Work that seems to be over is watched for a quarter of a second more. */
const TOLD_MS = 500

interface Reading {
  requests: number
  /** MB: the program's heap after a collection, the worker's as it is, and the whole process. */
  heap: number
  worker: number
  rss: number
  /** What the agent knows of. */
  activities: number
  inFlight: number
  background: number
}

await runBench({
  name: 'leak',
  summary: 'A million requests of every kind: nothing stays behind in the program, nor in the agent.',
  options: {
    requests: count(1_000_000, 'short requests in all'),
    parts: count(5, 'readings; the first one is what the last one is held against'),
    odd: count(16, 'odd clients at once'),
    'settle-seconds': number(3, 'how long everything has to come to an end before a reading', 0.5),
    'heap-mb': number(1, "by how much the program's heap may grow from the first reading to the last"),
    'worker-mb': number(12, "by how much the agent's own may"),
  },
  examples: ['npm run bench:leak', 'npm run bench:leak -- --requests 100000 --json'],
  async run({ options: asked, children, progress }) {
    requireBuild()
    const directory = mkdtempSync(join(tmpdir(), 'ls-leak-'))
    try {
      const environment = { XDG_RUNTIME_DIR: directory, XDG_STATE_HOME: directory }
      const nodeArgs = [...AGENT_PRELOAD, '--expose-gc']
      const server = await startServer(children, { name: 'mixed', nodeArgs, environment, prefix: pinnedTo(0) })
      const where = {
        socketPath: socketPath(server.pid, {
          platform: process.platform,
          uid: process.getuid?.(),
          environment,
          temporaryDirectory: tmpdir(),
        }),
      }
      const load = startLoad(children, pinnedTo(1))
      const items = async <T extends keyof Tables>(name: T): Promise<Tables[T]> =>
        (JSON.parse(await ask(where, `/api/v1/${name}`)) as { items: Tables[T] }).items
      const readings: Reading[] = []
      let odd = 0
      for (let part = 0; part < asked.parts; part++) {
        progress(`part ${part + 1} of ${asked.parts}`)
        const requests = Math.ceil(asked.requests / asked.parts)
        let isOver = false
        const others = oddClients(server.port, asked.odd, () => isOver)
        await load.send({ port: server.port, connections: 32, requests, method: 'GET', path: '/' })
        isOver = true
        odd += await others
        await sleep(asked['settle-seconds'] * 1000)
        // What has ended is told at a turn, and a server at rest has none; this makes one.
        await server.usage()
        await sleep(TOLD_MS)
        const { rss, heap } = await server.usage()
        readings.push({
          requests: (part + 1) * requests,
          heap: heap / MB,
          worker: (await items('instances'))[0]!.cost.memory / MB,
          rss: rss / MB,
          activities: (await items('tasks')).length,
          inFlight: (await items('routes')).reduce((sum, row) => sum + row.inFlight, 0),
          background: (await items('background')).reduce((sum, row) => sum + row.running, 0),
        })
      }
      await server.stop()
      return { data: { readings, odd, kinds: ODD_KINDS }, text: draw(readings, odd), missed: judge(readings, asked) }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
})

function judge(readings: readonly Reading[], allowed: { 'heap-mb': number; 'worker-mb': number }): string[] {
  const first = readings[0]!
  const last = readings.at(-1)!
  const missed: string[] = []
  for (const what of ['activities', 'inFlight', 'background'] as const) {
    if (last[what] !== 0) missed.push(`${what}: ${last[what]} are left, aim 0`)
  }
  for (const what of ['heap', 'worker'] as const) {
    const more = last[what] - first[what]
    if (more > allowed[`${what}-mb`]) missed.push(`${what}: +${figure(more)} MB, aim <= +${allowed[`${what}-mb`]}`)
  }
  return missed
}

function draw(readings: readonly Reading[], odd: number): string {
  const lines = readings.map((one) => [
    one.requests.toLocaleString('en'),
    one.heap.toFixed(2),
    one.worker.toFixed(1),
    one.rss.toFixed(1),
    String(one.activities),
    String(one.inFlight),
    String(one.background),
  ])
  const head = ['requests', 'heap MB', 'agent MB', 'process MB', 'activities left', 'in flight', 'background work']
  return `${table(head, lines)}\n\nBeside them ${odd.toLocaleString('en')} clients that ${ODD_KINDS.join(', ')}.`
}
