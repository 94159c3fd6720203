/**
 * Does the sampler say who holds the loop? Six routes take known shares of it, each in pieces of its own size, and the program
 * measures them by its own clock. The shares and ms of `/api/v1/hot` must agree within the error that they state.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HotRow } from '@loopscope/collector/protocol'
import { runBench, type Run } from './support/bench.ts'
import { count, list, number, path } from './support/options.ts'
import { requireBuild } from './support/server.ts'
import { table } from './support/table.ts'
import { ask, unixNow } from './truth/ask.ts'
import { findNodes, type NodeVersion } from './truth/nodes.ts'
import { seeded } from './truth/plan.ts'
import { startTarget } from './truth/target.ts'

const FILE = 'agent/bench/truth/programs/shares.js'
/** Requests a second by route; together they take about two thirds of the loop. */
const RATES = { tiny: 20, small: 8, mixed: 15, medium: 30, large: 5, huge: 8 }
type Route = keyof typeof RATES
const ABOUT: Record<Route, string> = {
  tiny: '60 x 0.1 ms, each after an await',
  small: '12 x 0.5 ms at once',
  mixed: '6 x 1 ms, each after a timer',
  medium: '2 x 3 ms at once',
  large: '8 ms after an await',
  huge: '20 ms at once',
}
/** In one of 400 comparisons chance alone is off by more than this many standard errors. */
const MOST_ERRORS = 3
/** What belongs to a request beside its pieces (parsing, the response) is not in the program's own account. */
const OVERHEAD = 0.04

const options = {
  seconds: number(40, 'how long each Node is observed', 1),
  node: path('', 'the Node.js that is measured (the one that runs this)'),
  nodes: list([], /^\d\d$/, 'MAJORS', 'several of them: 22,24,26'),
  seed: count(1, 'of the random arrivals'),
}

interface Totals {
  /** ms by route. */
  taken: Record<Route, number>
  busy: number
  lines: Record<Route, number[]>
}

interface Row {
  node: string
  route: Route
  ms: number
  share: number
  seenMs: number
  seenShare: number
  error: number
  /** Standard errors by which the share is off. */
  off: number
  top: string
  isTop: boolean
}

async function measure(
  { path, version }: NodeVersion,
  { options: asked, children, progress }: Run<typeof options>,
): Promise<Row[]> {
  const random = seeded(asked.seed)
  progress(`Node ${version}: ${asked.seconds} s`)
  const target = await startTarget({ children, program: 'shares', node: path, prefix: [], environment: {} })
  const { port, socket } = target
  const since = Math.floor(unixNow())
  const before = await target.ask<Totals>({ ask: 'totals' })
  const end = performance.now() + asked.seconds * 1000
  const pending = new Set<Promise<unknown>>()
  await Promise.all(
    Object.entries(RATES).map(async ([route, rate]) => {
      while (performance.now() < end) {
        await sleep((-Math.log(1 - random()) * 1000) / rate)
        const asked = ask({ port }, `/${route}`)
        pending.add(asked)
        void asked.finally(() => pending.delete(asked)).catch(() => {})
      }
    }),
  )
  await Promise.all(pending)
  const after = await target.ask<Totals>({ ask: 'totals' })
  // Spans of the sampler end about once a second.
  await sleep(1500)
  const read = async (by: string): Promise<HotRow[]> =>
    (JSON.parse(await ask(socket, `/api/v1/hot?since=${since}${by}&limit=1000`)) as { items: HotRow[] }).items
  const byRoute = await read('&by=route')
  const lines = await read('')
  await target.stop()

  const busy = after.busy - before.busy
  return (Object.keys(RATES) as Route[]).map((route) => {
    const ms = (after.taken[route] ?? 0) - (before.taken[route] ?? 0)
    const share = ms / busy
    const seen = byRoute.find((row) => row.route === `GET /${route}`)
    const top = lines.filter((row) => row.route === `GET /${route}`).sort((a, b) => b.time - a.time)[0]
    const { share: seenShare = 0, error = 1, time: seenMs = 0 } = seen ?? {}
    // More than its pieces, by what a request takes beside them, is right too.
    const low = Math.max(0, share - seenShare)
    const high = Math.max(0, seenShare - share * (1 + OVERHEAD))
    return {
      node: version,
      route,
      ms,
      share,
      seenMs,
      seenShare,
      error,
      off: (high - low) / error,
      top: top ? `${top.function} ${top.file}:${top.line}` : '',
      isTop: top?.function === route && top.file === FILE && after.lines[route].includes(top.line),
    }
  })
}

function percent(share: number): string {
  return (share * 100).toFixed(1)
}

function draw(rows: readonly Row[]): string {
  const head = ['', 'pieces', 'share %', 'sampled %', '± %', 'errors off', 'ms', 'sampled ms', 'top line']
  const lines = rows.map((row) => [
    `${row.node} /${row.route}`,
    ABOUT[row.route],
    percent(row.share),
    percent(row.seenShare),
    percent(row.error),
    row.off.toFixed(1),
    row.ms.toFixed(0),
    row.seenMs.toFixed(0),
    row.isTop ? 'ok' : row.top || 'none',
  ])
  return table(head, lines)
}

await runBench({
  name: 'hot',
  summary: 'Six routes with known shares of the loop, and what the sampler says of them.',
  options,
  examples: ['npm run bench:hot', 'npm run bench:hot -- --nodes 22,24,26 --seconds 120 --check'],
  async run(run) {
    requireBuild()
    const { options: asked } = run
    const nodes = await findNodes(asked.nodes.length > 0 ? asked.nodes : [asked.node || process.execPath])
    const rows: Row[] = []
    for (const node of nodes) rows.push(...(await measure(node, run)))
    const missed = rows.flatMap((row) => [
      ...(Math.abs(row.off) > MOST_ERRORS
        ? [`${row.node} /${row.route}: ${percent(row.seenShare)} % of the loop, it took ${percent(row.share)} %`]
        : []),
      ...(row.isTop ? [] : [`${row.node} /${row.route}: its top line is ${row.top || 'none'}`]),
    ])
    const text = `${draw(rows)}\n\n±: the one standard error that the agent states; off: beyond what a request takes beside its pieces (${OVERHEAD * 100} %).`
    return { data: { seconds: asked.seconds, rows }, text, missed }
  },
})
