/**
 * Does the breakdown say where the time of a request goes? Routes wait for known times for a database, a pool of one, another
 * server, timers and the thread pool, in series and in parallel; what they took by their own clock must agree.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteRow } from '@loopscope/collector/protocol'
import { runBench } from './support/bench.ts'
import { count } from './support/options.ts'
import { postgresUrl } from './support/postgres.ts'
import { requireBuild } from './support/server.ts'
import { table } from './support/table.ts'
import { ask } from './truth/ask.ts'
import { startTarget } from './truth/target.ts'

const ROUTES = ['cpu', 'db', 'http', 'timer', 'sleep', 'threads', 'all', 'series', 'pool']
const MOST_OFF = 0.1
/** Of parts that take next to nothing. */
const LEAST_MS = 1
const AT_ONCE = 3

type Parts = Record<string, number>

await runBench({
  name: 'breakdown',
  summary: 'Routes with known waits, and what the breakdown of their latency says of them.',
  options: { requests: count(150, 'of each route; fewer are too few for the samples of the loop') },
  examples: ['npm run bench:breakdown'],
  async run({ options: { requests }, children, progress }) {
    requireBuild()
    const url = await postgresUrl(children, [])
    const target = await startTarget({
      children,
      program: 'parts',
      args: [url],
      node: process.execPath,
      prefix: [],
      environment: {},
    })
    for (const route of ROUTES) {
      progress(`/${route}`)
      for (let i = 0; i < requests; i += AT_ONCE) {
        // The pool of one is asked for by several at once; others one after the other.
        const path = `/${route}`
        const all = Array.from({ length: AT_ONCE }, () => () => ask({ port: target.port }, path))
        if (route === 'pool') await Promise.all(all.map((each) => each()))
        else for (const each of all) await each()
      }
    }
    await sleep(1500)
    const { items } = JSON.parse(await ask(target.socket, '/api/v1/routes?limit=100')) as { items: RouteRow[] }
    const { parts } = await target.ask<{ parts: Record<string, Parts> }>({ ask: 'parts' })
    await target.stop()

    const rows = ROUTES.flatMap((route) => {
      const row = items.find((each) => each.route === `GET /${route}`)
      const seen = (row?.breakdown ?? {}) as Parts
      const number = row?.count || 1
      const mean = Object.values(seen).reduce((sum, ms) => sum + ms, 0)
      return Object.entries(parts[route] ?? {}).map(([part, ms]) => {
        const truth = ms / number
        return { route, part, truth, seen: seen[part] ?? 0, mean, other: seen['other'] ?? 0, parts: seen }
      })
    })
    const missed = rows
      .filter(({ truth, seen }) => Math.abs(seen - truth) > Math.max(LEAST_MS, truth * MOST_OFF))
      .map(({ route, part, truth, seen }) => `/${route}: ${part} is ${seen.toFixed(1)} ms, it took ${truth.toFixed(1)}`)
    const lines = rows.map(({ route, part, truth, seen, mean, other }) => [
      `/${route}`,
      part,
      truth.toFixed(1),
      seen.toFixed(1),
      mean.toFixed(1),
      other.toFixed(1),
    ])
    const text = table(['', 'part', 'took ms', 'seen ms', 'mean ms', 'other ms'], lines)
    return { data: { requests, rows }, text, missed }
  },
})
