/**
 * Do the blocks that the agent reports agree with what happened? Programs plant blocks of known kinds and lengths in random
 * order, under load, and write down the truth: when, who, on which route. The reports are compared with it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { runBench, type Run } from './support/bench.ts'
import { count, flag, list, number, path, some } from './support/options.ts'
import { pinnedTo, requireBuild } from './support/server.ts'
import { compare, type Comparison, type Span, type Truth } from './truth/compare.ts'
import { startBusy, startReaders, startStopping, type Stop } from './truth/disturb.ts'
import { byKind, byLength, draw, extrasOf, faults, rowOf, share, type Row } from './truth/figures.ts'
import { findNodes } from './truth/nodes.ts'
import { drive, makePlan, seeded } from './truth/plan.ts'
import { startTarget } from './truth/target.ts'

const PROGRAMS = ['express', 'fastify', 'koa', 'raw', 'thread'] as const
const KINDS = [
  ...['loop', 'recursion', 'regex', 'sort', 'strings', 'hash-loop', 'dependency'],
  ...[
    'pbkdf2',
    'scrypt',
    'read-large',
    'read-many',
    'exec',
    'gzip',
    'atomics',
    'json-parse',
    'json-stringify',
    'clone',
    'require',
  ],
  ...['sqlite', 'hash-large', 'nested', 'timer', 'ticks', 'microtasks', 'immediates'],
]

const options = {
  rounds: count(1, 'rounds for each program: of each kind seven blocks'),
  only: some(KINDS, `kinds: ${KINDS.join(',')}`),
  programs: some(PROGRAMS, `programs: ${PROGRAMS.join(',')}`),
  'block-ms': list(['10', '20'], /^[1-9]\d*$/, 'MS,MS', 'thresholds (10,20)'),
  node: path('', 'the Node.js that is measured (the one that runs this)'),
  nodes: list([], /^\d\d$/, 'MAJORS', 'several of them: 22,24,26'),
  load: number(10, 'requests that are always in flight beside'),
  seed: count(1, 'of the random order'),
  busy: flag('with a busy process on every core'),
  'one-core': flag('with the whole program on one core'),
  readers: flag('with ten readers of the API and its stream'),
  stop: flag('with the process stopped and continued now and then'),
  faults: flag('list everything that is not right'),
}

interface Measured {
  node: string
  program: string
  thresholdMs: number
  comparison: Comparison
  stops: number
}

interface Case {
  node: { path: string; version: string }
  program: string
  thresholdMs: number
  name: string
}

async function measure(
  { node, program, thresholdMs, name }: Case,
  { options: asked, children, progress }: Run<typeof options>,
): Promise<Measured> {
  const random = seeded(asked.seed + thresholdMs * 100 + PROGRAMS.indexOf(program as (typeof PROGRAMS)[number]))
  progress(`${name}: starts`)
  const target = await startTarget({
    children,
    program,
    args: asked.only,
    node: node.path,
    prefix: asked['one-core'] ? pinnedTo(0) : [],
    environment: { LOOPSCOPE_BLOCK_MS: String(thresholdMs) },
  })
  const stops: Span[] = []
  const ends: Stop[] = []
  if (asked.busy) ends.push(await startBusy(children))
  if (asked.readers) ends.push(startReaders(target.socket))
  if (asked.stop) ends.push(startStopping(target.pid, stops, random))
  const plan = makePlan(asked.only, asked.rounds, random)
  await drive({
    target,
    plan,
    load: asked.load,
    random,
    onPlant: (done) => done % 50 === 0 && progress(`${name}: ${done} of ${plan.length} blocks`),
  })
  for (const end of ends) await end()
  await sleep(100)
  const truth = await target.truth<Truth>()
  await target.stop()
  return {
    node: node.version,
    program,
    thresholdMs,
    comparison: compare(truth, [...target.rows.values()], thresholdMs, stops),
    stops: stops.length,
  }
}

/** The aims of blocks: those for 12 to 20 ms hold for a threshold of 10. */
function missedAims(measured: readonly Measured[]): string[] {
  const missed: string[] = []
  const aim = (what: string, score: Row['recall'], least: number): void => {
    if (share(score) < least)
      missed.push(`${what}: ${(share(score) * 100).toFixed(1)} % of ${score.of}, aim ${least * 100} %`)
  }
  const found = measured.flatMap((one) => one.comparison.found)
  const long = rowOf(
    '',
    found.filter(({ ms }) => ms >= 20),
  )
  const short = rowOf(
    '',
    found.filter(({ ms }) => ms >= 12 && ms < 20),
  )
  aim('recall of 20 ms and more', long.recall, 0.99)
  aim('recall of 12 to 20 ms', short.recall, 0.9)
  aim('function, line and route of 20 ms and more', long.named, 0.99)
  aim('duration within 1 ms or 2 %', rowOf('', found).duration, 0.99)
  const { false: invented, wronged } = extrasOf(measured.map((one) => one.comparison))
  if (invented > 0) missed.push(`${invented} blocks did not happen, aim 0`)
  if (wronged > 0) missed.push(`${wronged} times a function is blamed for the system, aim 0`)
  return missed
}

function drawAll(measured: readonly Measured[], withFaults: boolean): string {
  const comparisons = measured.map((one) => one.comparison)
  const found = comparisons.flatMap((one) => one.found)
  const { false: invented, system, wronged, other } = extrasOf(comparisons)
  const cases = measured.map((one) => rowOf(`${one.node} ${one.program} ${one.thresholdMs} ms`, one.comparison.found))
  const extra = (name: string, key: 'package' | 'frames'): string => {
    const score = rowOf('', found)[key]
    return score.of === 0 ? '' : `\n${name}: ${score.right} of ${score.of}`
  }
  const parts = [
    draw(byKind(found)),
    draw(byLength(found)),
    draw([...cases, rowOf('all', found)]),
    `planted: all, due: those over the threshold. recall, named (function, line and route): of those due; the others: of those due that were reported, in %.
Blocks that did not happen: ${invented}. Real ones that nobody planted: ${system} by the system, ${other} by the program.
Functions that are blamed for what the system did: ${wronged}.${extra('Package named', 'package')}${extra('Async frames in order', 'frames')}`,
  ]
  if (withFaults)
    parts.push(
      measured
        .flatMap((one) =>
          faults([one.comparison]).map((line) => `${one.node} ${one.program} ${one.thresholdMs}: ${line}`),
        )
        .join('\n'),
    )
  return parts.join('\n\n')
}

await runBench({
  name: 'blocks',
  summary: 'Plants known blocks and compares what the agent reports with the truth: recall, who is named, how long.',
  options,
  examples: [
    'npm run bench:blocks',
    'npm run bench:blocks -- --nodes 22,24,26 --rounds 3 --check',
    'npm run bench:blocks -- --only json-parse,gzip --programs raw --block-ms 20 --faults',
    'npm run bench:blocks -- --busy --one-core --readers',
  ],
  async run(run) {
    requireBuild()
    const { options: asked } = run
    const nodes = await findNodes(asked.nodes.length > 0 ? asked.nodes : [asked.node || process.execPath])
    const measured: Measured[] = []
    for (const node of nodes) {
      for (const thresholdMs of asked['block-ms'].map(Number)) {
        for (const program of asked.programs) {
          const name = `Node ${node.version}, ${program}, threshold ${thresholdMs} ms`
          measured.push(await measure({ node, program, thresholdMs, name }, run))
        }
      }
    }
    const comparisons = measured.map((one) => one.comparison)
    const found = comparisons.flatMap((one) => one.found)
    const data = {
      asked: { ...asked },
      all: rowOf('all', found),
      kinds: byKind(found),
      lengths: byLength(found),
      cases: measured.map((one) => ({
        node: one.node,
        program: one.program,
        thresholdMs: one.thresholdMs,
        stops: one.stops,
        ...rowOf('', one.comparison.found),
        extras: extrasOf([one.comparison]),
      })),
      extras: extrasOf(comparisons),
      faults: faults(comparisons),
    }
    return { data, text: drawAll(measured, asked.faults), missed: missedAims(measured) }
  },
})
