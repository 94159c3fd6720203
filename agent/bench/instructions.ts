/**
 * Instructions per request, counted by valgrind's callgrind: finer than any clock, for what the hot path of the agent costs.
 *
 * A difference between two programs proves nothing by itself: another preload moves V8's tiering. So beside the totals stands
 * what lies in the agent's own functions and in what they call. Captures and samples are off: they go by the clock, and the
 * program runs fifty times slower (bench:record has their cost; the agent's clock on the program's thread goes slower as well).
 */
import { runBench, type Run } from './support/bench.ts'
import { startLoad, type Load } from './support/load.ts'
import { count, number, path, some } from './support/options.ts'
import { AGENT_PRELOAD, requireBuild } from './support/server.ts'
import { agentParts, slowClockCost, type Part } from './support/share.ts'
import { table } from './support/table.ts'
import { countInstructions, requireValgrind, type Counted } from './support/valgrind.ts'

const SERVERS = ['bare', 'express', 'fastify'] as const
const SHOWN_PARTS = 8
const LOAD = { connections: 1, method: 'GET', path: '/' } as const

const options = {
  only: some(SERVERS, `servers: ${SERVERS.join(',')}`),
  'warm-up': count(50_000, 'requests before the counting'),
  requests: count(2000, 'requests that are counted'),
  minutes: number(10, 'give up after this long', 0.1),
  node: path(process.execPath, 'the Node.js that runs the servers'),
}

interface Row {
  server: string
  /** Instructions a request on the program's thread. */
  none: number
  agent: number
  /** Of the agent's functions themselves, and with what they call. */
  own: number
  ownAndCalled: number
  /** Of all other threads, the agent's worker above all, in a second of the slowed program: its clock is not slowed. */
  othersPerSecond: number
  parts: Part[]
}

function toRow(server: string, none: Counted, agent: Counted, requests: number): Row {
  const { main, others, map, seconds } = agent
  const parts = agentParts(main, map, requests)
  const clock = slowClockCost(main, map, requests)
  const inOthers = others.reduce((sum, thread) => sum + thread.total, 0)
  return {
    server,
    none: none.main.total / requests,
    agent: main.total / requests - clock,
    own: parts.reduce((sum, { self }) => sum + self, 0),
    ownAndCalled: parts.reduce((sum, { inclusive }) => sum + inclusive, 0) - clock,
    othersPerSecond: inOthers / seconds,
    parts,
  }
}

async function measure(
  name: string,
  load: [Load, Load],
  { options: asked, children }: Run<typeof options>,
): Promise<Row> {
  const { node, requests } = asked
  const arm = (preload: readonly string[], which: Load): Promise<Counted> =>
    countInstructions(children, {
      name,
      node,
      preload,
      environment: { LOOPSCOPE_DISABLE: 'capture,sampler', LOOPSCOPE_LISTEN: 'off' },
      send: (port, n) => which.send({ ...LOAD, port, requests: n }),
      warmUp: asked['warm-up'],
      requests,
    })
  const [none, agent] = await Promise.all([arm([], load[0]), arm(AGENT_PRELOAD, load[1])])
  return toRow(name, none, agent, requests)
}

function draw(rows: readonly Row[], { requests, node, 'warm-up': warmUp }: Run<typeof options>['options']): string {
  const whole = (value: number): string => Math.round(value).toLocaleString('en')
  const percent = (value: number, of: number): string => `${((value / of) * 100).toFixed(1)} %`
  const head = ['server', 'none', 'agent', "agent's own", 'and called', 'share', 'other threads a second']
  const lines = rows.map((row) => [
    row.server,
    whole(row.none),
    whole(row.agent),
    whole(row.own),
    whole(row.ownAndCalled),
    percent(row.ownAndCalled, row.none),
    whole(row.othersPerSecond),
  ])
  const parts = rows.flatMap(({ server, parts }) =>
    parts
      .slice(0, SHOWN_PARTS)
      .map(({ function: name, self, inclusive }) => [`${server}: ${name}`, whole(self), whole(inclusive)]),
  )
  return [
    `Instructions per request (${node}; ${requests} requests over one connection, after ${warmUp})`,
    '',
    table(head, lines),
    '',
    "The program's thread: in all, without and with the agent, then the agent's functions alone and with what they call.",
    'Other threads (the worker) go by a clock that is not slowed: bench:record has their part of a request.',
    '',
    table(["the agent's functions on the program's thread", 'self', 'with calls'], parts),
  ].join('\n')
}

async function within<T>(minutes: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const say = (): void =>
      reject(new Error(`not done after ${minutes} minutes. Ask for more with --minutes, or for less with --only.`))
    timer = setTimeout(say, minutes * 60_000)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

await runBench({
  name: 'instructions',
  summary:
    'Instructions per request by valgrind, in all and in the functions of the agent. Needs valgrind; takes minutes.',
  options,
  examples: [
    'npm run bench:instructions',
    'npm run bench:instructions -- --only fastify',
    'npm run bench:instructions -- --warm-up 40000 --requests 5000 --json',
  ],
  async run(run) {
    requireBuild()
    requireValgrind()
    const { children, options: asked, progress } = run
    const load: [Load, Load] = [startLoad(children), startLoad(children)]
    const rows: Row[] = []
    const all = async (): Promise<void> => {
      for (const name of asked.only) {
        progress(`${name}, under valgrind`)
        rows.push(await measure(name, load, run))
      }
    }
    await within(asked.minutes, all())
    return { data: { servers: { node: asked.node }, requests: asked.requests, rows }, text: draw(rows, asked) }
  },
})
