/**
 * Is it safe to run code on top of a program? Programs that do much and whose results are known exactly are run without the
 * agent and with it, with 25 times as many captures as it takes: what they write must be the same byte for byte.
 */
import { runBench, type Run } from './support/bench.ts'
import { list, number, path, some } from './support/options.ts'
import { requireBuild } from './support/server.ts'
import { figure, table } from './support/table.ts'
import { differences, runProgram, type RunOptions } from './safety/run.ts'
import { PROGRAM_NAMES, PROGRAMS, type ProgramName } from './safety/programs.ts'
import { findNodes, type NodeVersion } from './truth/nodes.ts'

const options = {
  only: some(PROGRAM_NAMES, `some of ${PROGRAM_NAMES.join(',')}`),
  rate: number(500, 'captures a second', 1),
  least: number(0.5, 'the part of them that must have been taken'),
  node: path('', 'the Node.js that is tested (the one that runs this)'),
  nodes: list([], /^\d\d$/, 'MAJORS', 'several of them: 22,24,26'),
  timeout: number(600, 'seconds until a program counts as hanging', 1),
}

interface Row {
  program: ProgramName
  node: string
  captures: number
  perSecond: number
  seconds: { without: number; with: number }
  /** The exit code, or a signal. */
  end: string
  differences: readonly string[]
}

await runBench({
  name: 'safety',
  summary: 'Compares what programs write with many captures and without the agent, byte for byte.',
  options,
  examples: ['--nodes 22,24,26', '--only torture,prettier --rate 2000'],
  async run({ options, progress }) {
    requireBuild()
    const nodes = await findNodes(options.nodes.length > 0 ? options.nodes : [options.node || process.execPath])
    const rows: Row[] = []
    for (const node of nodes)
      for (const program of options.only) rows.push(await compare(node, program, options, progress))
    const broken = rows.flatMap((row) =>
      row.differences.map((difference) => `${row.program} on ${row.node}: ${difference}`),
    )
    if (broken.length > 0) process.exitCode = 1
    return { data: { rows }, text: textOf(rows), missed: broken }
  },
})

type Wanted = Run<typeof options>

async function compare(
  { path, version }: NodeVersion,
  program: ProgramName,
  { rate, least, timeout }: Wanted['options'],
  progress: Wanted['progress'],
): Promise<Row> {
  let kill = (): void => {}
  const run: Omit<RunOptions, 'rate'> = { node: path, timeoutMs: timeout * 1000, onStart: (end) => (kill = end) }
  const onExit = (): void => kill()
  process.on('exit', onExit)
  progress(`${program} on ${version}, without`)
  const without = await runProgram(PROGRAMS[program], { ...run, rate: 0 })
  progress(`${program} on ${version}, with captures`)
  const result = await runProgram(PROGRAMS[program], { ...run, rate })
  process.off('exit', onExit)
  const found = differences(without, result)
  const perSecond = result.captures / result.observedSeconds
  if (!(perSecond >= rate * least)) found.push(`only ${perSecond.toFixed(0)} captures a second were taken`)
  return {
    program,
    node: version,
    captures: result.captures,
    perSecond,
    seconds: { without: without.seconds, with: result.seconds },
    end: result.end,
    differences: found,
  }
}

function textOf(rows: readonly Row[]): string {
  const head = ['program', 'node', 'captures', 'a second', 'seconds without', 'with', 'exit code', 'result']
  const cells = rows.map(({ program, node, captures, perSecond, seconds, end, differences }) => [
    program,
    node,
    String(captures),
    perSecond.toFixed(0),
    figure(seconds.without),
    figure(seconds.with),
    end,
    differences.length === 0 ? 'the same' : 'DIFFERENT',
  ])
  const about = PROGRAM_NAMES.map((name) => `${name}: ${PROGRAMS[name].about}`)
  return `${table(head, cells)}\n\n${about.join('\n')}`
}
