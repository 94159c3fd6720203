/** What the agent takes before a program does anything: start-up time, resident memory, CPU while it is idle. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { runBench, type Run } from './support/bench.ts'
import { interleave } from './support/interleave.ts'
import { count, number, path } from './support/options.ts'
import {
  AGENT_ENVIRONMENT,
  AGENT_PRELOAD,
  cpuBetween,
  requireBuild,
  ROOT,
  serverFile,
  startServer,
} from './support/server.ts'
import { spread, type Spread } from './support/statistics.ts'
import { figure, range, table } from './support/table.ts'

const MB = 1e6
/** A program that has nothing to do any more and is still there after this long does not exit by itself. */
const EXIT_TIMEOUT_MS = 10_000

const options = {
  rounds: count(25, 'starts of a tiny program, with and without'),
  'idle-rounds': count(2, 'pairs of idle servers, at the same time'),
  'settle-seconds': number(15, 'how long they idle before their memory is read: V8 tidies up after its start'),
  'idle-seconds': number(10, 'how long their CPU is watched after that', 0.1),
  tolerance: number(0.2, 'with --check: by what share an aim may be missed on a noisy machine'),
  node: path(process.execPath, 'the Node.js that is measured'),
}

interface Row {
  id: string
  about: string
  unit: string
  none: Spread
  agent: Spread
  /** The difference, pair by pair. */
  more: Spread
  aim?: number
}

interface Start {
  wholeMs: number
  firstLineMs: number
}

/** Runs a program that has nothing to do after its first line, to its end. */
function start(node: string, preload: readonly string[]): Promise<Start> {
  const began = performance.now()
  const child = spawn(node, [...preload, serverFile('first-line')], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...AGENT_ENVIRONMENT },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: EXIT_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let said = ''
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => (whole = performance.now() - began))
    let whole = 0
    child.once('close', (code, signal) => {
      const how = signal === 'SIGKILL' ? 'an idle program did not exit by itself' : `it ended with ${signal ?? code}`
      if (code === 0 && complaint === '') resolve({ wholeMs: whole, firstLineMs: Number(said) })
      else reject(new Error(`${[...preload, 'first-line.js'].join(' ')}: ${how}\n${complaint}`))
    })
  })
}

async function measureStart({ options: { rounds, node }, progress }: Run<typeof options>): Promise<Row[]> {
  const arms = { none: () => start(node, []), agent: () => start(node, AGENT_PRELOAD) }
  await interleave(2, arms) // files into the page cache
  const { none, agent } = await interleave(rounds, arms, (round) => progress(`start ${round + 1} of ${rounds}`))
  const row = (id: string, about: string, key: keyof Start, aim?: number): Row =>
    toRow(
      { id, about, unit: 'ms', ...(aim === undefined ? {} : { aim }) },
      none.map((one) => one[key]),
      agent.map((one) => one[key]),
    )
  return [
    row('start', 'start-up: whole life of an empty program', 'wholeMs', 20),
    row('start.first-line', '  of it until its first line', 'firstLineMs'),
  ]
}

interface Idle {
  megabytes: number
  /** Share of a core, in percent. */
  share: number
}

async function idle(run: Run<typeof options>, preload: readonly string[]): Promise<Idle> {
  const { options: asked, children } = run
  const server = await startServer(children, { name: 'bare', node: asked.node, nodeArgs: preload })
  await sleep(asked['settle-seconds'] * 1000)
  const before = await server.usage()
  const began = performance.now()
  await sleep(asked['idle-seconds'] * 1000)
  const after = await server.usage()
  const elapsedUs = (performance.now() - began) * 1000
  await server.stop()
  return { megabytes: before.rss / MB, share: (cpuBetween(before, after) / elapsedUs) * 100 }
}

async function measureIdle(run: Run<typeof options>): Promise<Row[]> {
  const rounds = run.options['idle-rounds']
  const none: Idle[] = []
  const agent: Idle[] = []
  for (let round = 0; round < rounds; round++) {
    run.progress(`idle servers, ${round + 1} of ${rounds}`)
    const [without, observed] = await Promise.all([idle(run, []), idle(run, AGENT_PRELOAD)])
    none.push(without)
    agent.push(observed)
  }
  const row = (id: string, about: string, unit: string, key: keyof Idle, aim: number): Row =>
    toRow(
      { id, about, unit, aim },
      none.map((one) => one[key]),
      agent.map((one) => one[key]),
    )
  return [
    row('memory', 'resident memory of an idle server', 'MB', 'megabytes', 25),
    row('idle', 'CPU of an idle server, share of a core', '%', 'share', 0.3),
  ]
}

function toRow(about: Pick<Row, 'id' | 'about' | 'unit' | 'aim'>, none: number[], agent: number[]): Row {
  const more = agent.map((value, round) => value - none[round]!)
  return { ...about, none: spread(none), agent: spread(agent), more: spread(more) }
}

function draw(rows: readonly Row[]): string {
  const lines = rows.map(({ about, unit, none, agent, more, aim }) => [
    about,
    figure(none.median),
    figure(agent.median),
    `+${figure(more.median)}`,
    unit,
    range(more),
    aim === undefined ? '' : `<= +${aim}`,
    aim === undefined ? '' : more.median <= aim ? 'ok' : 'MISSED',
  ])
  const exits = 'An idle program exits by itself: yes (every start above ran to its own end, with exit code 0).'
  return `${table(['what', 'none', 'agent', 'more', 'unit', 'quartiles', 'aim', ''], lines)}\n\n${exits}`
}

await runBench({
  name: 'footprint',
  summary:
    'Start-up time, resident memory and idle CPU with the agent, against none; and that idle programs still exit.',
  options,
  examples: [
    'npm run bench:footprint',
    'npm run bench:footprint -- --rounds 60 --idle-seconds 30',
    'npm run bench:footprint -- --json --check',
  ],
  async run(run) {
    requireBuild()
    const { tolerance, node } = run.options
    const rows = [...(await measureStart(run)), ...(await measureIdle(run))]
    const missed = rows
      .filter(({ more, aim }) => aim !== undefined && more.median > aim * (1 + tolerance))
      .map(
        ({ about, more, unit, aim }) =>
          `${about}: +${figure(more.median)} ${unit}, aim <= +${aim} (tolerance ${tolerance * 100} %)`,
      )
    return { data: { programs: { node }, tolerance, rows, exitsByItself: true }, text: draw(rows), missed }
  },
})
