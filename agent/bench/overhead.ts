/**
 * What the agent costs a server: CPU per request of the whole process (all threads) and throughput, against no agent.
 * Every round starts three fresh processes in turn: none, agent, and none again, whose ratio to the first is the noise.
 */
import { postgresUrl } from './support/postgres.ts'
import { runBench, type Run } from './support/bench.ts'
import { interleave } from './support/interleave.ts'
import { startLoad, type Load } from './support/load.ts'
import type { LoadTask } from './support/load-process.ts'
import { count, number, path, some } from './support/options.ts'
import { AGENT_PRELOAD, cpuBetween, pinnedTo, requireBuild, startServer } from './support/server.ts'
import { spread, type Spread } from './support/statistics.ts'
import { figure, range, table } from './support/table.ts'

type Target = Pick<LoadTask, 'method' | 'path' | 'bodies'> & { about: string; aim: number }

const orders = Array.from({ length: 50 }, (_, n) =>
  JSON.stringify({ product: n + 1, quantity: (n % 5) + 1, note: 'a gift, please wrap it' }),
)
const HELLO = { method: 'GET', path: '/', aim: 1.03 } as const
const TARGETS: Record<string, Target> = {
  bare: { ...HELLO, about: 'node:http hello world' },
  express: { ...HELLO, about: 'Express 5 hello world' },
  fastify: { ...HELLO, about: 'Fastify 5 hello world' },
  koa: { ...HELLO, about: 'Koa 3 with its router, hello world' },
  hapi: { ...HELLO, about: 'Hapi 21 hello world' },
  hono: { ...HELLO, about: 'Hono 4 on its server for Node, hello world' },
  graphql: {
    method: 'POST',
    path: '/graphql',
    bodies: [JSON.stringify({ query: 'query Hello { hello }', operationName: 'Hello' })],
    about: 'Mercurius, a query of one field',
    aim: 1.03,
  },
  realistic: {
    method: 'POST',
    path: '/orders/acme',
    bodies: orders,
    about: 'Fastify 5: JSON body, 3 awaits, timer, pg',
    aim: 1.01,
  },
}
const NAMES = Object.keys(TARGETS)
const CALIBRATION_REQUESTS = 500

const options = {
  only: some(NAMES, `servers: ${NAMES.join(',')}`),
  rounds: count(4, 'rounds of none, agent, none again'),
  seconds: number(1.5, 'how long one measurement takes, about', 0.01),
  'warm-up': number(2.5, 'seconds of load before it, not counted', 0.01),
  connections: count(32, 'keep-alive connections of the load'),
  tolerance: number(0.03, 'with --check: how much of a ratio over its aim is taken for noise'),
  context: {
    ...some(['auto', 'on', 'off'], 'LOOPSCOPE_CONTEXT of the agent, a row for each: auto,on,off'),
    fallback: ['auto'] as readonly ('auto' | 'on' | 'off')[],
  },
  node: path(process.execPath, 'the Node.js that runs the servers'),
}

interface Measured {
  microseconds: number
  perSecond: number
}

interface Row {
  server: string
  context: string
  about: string
  requests: number
  /** CPU per request in microseconds. */
  none: Spread
  agent: Spread
  ratio: Spread
  noise: Spread
  throughput: Spread
  aim: number
}

async function measureServer(
  name: string,
  load: Load,
  env: NodeJS.ProcessEnv,
  run: Run<typeof options>,
): Promise<Row[]> {
  const { options: asked, children, progress } = run
  const target = TARGETS[name]!
  const task = {
    connections: asked.connections,
    method: target.method,
    path: target.path,
    ...(target.bodies ? { bodies: target.bodies } : {}),
  }
  const prefix = pinnedTo(0)
  let perSecond = 0

  const measure = async (preload: readonly string[], context = 'auto'): Promise<Measured> => {
    const server = await startServer(children, {
      name,
      node: asked.node,
      prefix,
      nodeArgs: preload,
      environment: { ...env, LOOPSCOPE_CONTEXT: context },
    })
    const send = (requests: number) =>
      load.send({ ...task, port: server.port, requests: Math.max(1, Math.round(requests)) })
    if (perSecond === 0) {
      // How fast it is once it is warm: all rounds get the same number of requests.
      await send(CALIBRATION_REQUESTS)
      const requests = CALIBRATION_REQUESTS * (1 + asked['warm-up'] * 4)
      perSecond = requests / (await send(requests)).seconds
    }
    await send(perSecond * asked['warm-up'])
    const requests = Math.max(1, Math.round(perSecond * asked.seconds))
    const before = await server.usage()
    const { seconds } = await send(requests)
    const after = await server.usage()
    await server.stop()
    return { microseconds: cpuBetween(before, after) / requests, perSecond: requests / seconds }
  }

  const agents = asked.context.map((context) => [context, () => measure(AGENT_PRELOAD, context)] as const)
  const { none, again, ...measured } = await interleave<string, Measured>(
    asked.rounds,
    { none: () => measure([]), ...Object.fromEntries(agents), again: () => measure([]) },
    (round) => progress(`${name}, round ${round + 1} of ${asked.rounds}`),
  )
  const pair = (of: (round: number) => number): Spread => spread(none!.map((_, round) => of(round)))
  const base = (round: number, key: keyof Measured): number => (none![round]![key] + again![round]![key]) / 2
  return Object.entries(measured).map(([context, agent]) => ({
    server: name,
    context,
    about: target.about,
    requests: Math.round(perSecond * asked.seconds),
    none: pair((round) => base(round, 'microseconds')),
    agent: pair((round) => agent[round]!.microseconds),
    ratio: pair((round) => agent[round]!.microseconds / base(round, 'microseconds')),
    noise: pair((round) => again![round]!.microseconds / none![round]!.microseconds),
    throughput: pair((round) => agent[round]!.perSecond / base(round, 'perSecond')),
    aim: target.aim,
  }))
}

function draw(rows: readonly Row[], run: Run<typeof options>): string {
  const { rounds, connections, node } = run.options
  const head = [
    'server',
    'context',
    'none us/req',
    'agent us/req',
    'ratio',
    '(quartiles)',
    'aim',
    'noise',
    '(quartiles)',
    'throughput',
  ]
  const lines = rows.map(({ server, context, none, agent, ratio, aim, noise, throughput }) => [
    server,
    context,
    figure(none.median),
    figure(agent.median),
    ratio.median.toFixed(3),
    range(ratio),
    `<= ${aim}`,
    noise.median.toFixed(3),
    range(noise),
    throughput.median.toFixed(3),
  ])
  const pinned = pinnedTo(0).length > 0 ? 'server on core 0, load on core 1' : 'not pinned to cores'
  return [
    `CPU per request, agent against none (${node})`,
    `${rounds} rounds of fresh processes, ${connections} connections, ${pinned}`,
    '',
    table(head, lines),
    '',
    'ratio: median of the rounds, agent / mean of the two without. noise: the second without / the first.',
  ].join('\n')
}

await runBench({
  name: 'overhead',
  summary: 'CPU per request and throughput with the agent, against none, interleaved in one run.',
  options,
  examples: [
    'npm run bench:overhead',
    'npm run bench:overhead -- --only fastify,realistic --rounds 15',
    'npm run bench:overhead -- --node /usr/local/bin/node22 --json',
  ],
  async run(run) {
    requireBuild()
    const { only, node, tolerance } = run.options
    const load = startLoad(run.children, pinnedTo(1))
    const rows: Row[] = []
    for (const name of only) {
      const environment: NodeJS.ProcessEnv = {}
      if (name === 'realistic') environment['DATABASE_URL'] = await postgresUrl(run.children, pinnedTo(1))
      rows.push(...(await measureServer(name, load, environment, run)))
    }
    const missed = rows
      .filter(({ ratio, aim }) => ratio.median > aim + tolerance)
      .map(({ server, ratio, aim }) => `${server}: ${ratio.median.toFixed(3)}, aim <= ${aim} (tolerance ${tolerance})`)
    return { data: { servers: { node }, rounds: run.options.rounds, tolerance, rows }, text: draw(rows, run), missed }
  },
})
