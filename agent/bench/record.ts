/** What each thing that the agent does costs, in ns, all in; every group in a fresh process, medians of many rounds. */
import { fileURLToPath } from 'node:url'
import { MICRO_BENCHES } from './record/all.ts'
import { runBench } from './support/bench.ts'
import type { Figure } from './support/micro.ts'
import { count, number, some } from './support/options.ts'
import { requireBuild, ROOT } from './support/server.ts'
import { spread, type Spread } from './support/statistics.ts'
import { figure, range, table } from './support/table.ts'

/** In the unit of the figure. */
const AIMS: Record<string, number> = { event: 100, turn: 600, 'turn.settling': 600, request: 1000, capture: 100 }
const CHILD = fileURLToPath(new URL('record/child.ts', import.meta.url))

type Row = Omit<Figure, 'samples'> & Spread & { aim?: number }

function toRow({ samples, ...figure }: Figure): Row {
  const aim = AIMS[figure.id]
  return { ...figure, ...spread(samples), ...(aim === undefined ? {} : { aim }) }
}

/** Both threads together: the aim is for the sum. */
function wholeRequest(figures: readonly Figure[]): Figure[] {
  const find = (id: string): Figure | undefined => figures.find((one) => one.id === id)
  const [program, worker] = [find('request.program'), find('worker.request.plain')]
  if (!program || !worker) return []
  const samples = program.samples.map((ns, round) => ns + worker.samples[round]!)
  return [{ id: 'request', about: 'a request, program thread and worker together', unit: 'ns', samples }]
}

function draw(rows: readonly Row[]): string {
  const lines = rows.map(({ about, unit, median, aim, ...row }) => [
    about,
    figure(median),
    unit,
    range(row),
    aim === undefined ? '' : `<= ${aim}`,
    aim === undefined ? '' : median <= aim ? 'ok' : 'MISSED',
  ])
  return table(['what', 'median', 'unit', 'quartiles', 'aim', ''], lines)
}

await runBench({
  name: 'record',
  summary: 'What an event, a turn, a request, a lease and a capture cost, in ns.',
  options: {
    only: some(
      MICRO_BENCHES.map(({ name }) => name),
      `groups: ${MICRO_BENCHES.map(({ name }) => name).join(',')}`,
    ),
    rounds: count(25, 'rounds of each'),
    scale: number(1, 'how much a round repeats what it measures', 0.0001),
    tolerance: number(0.2, 'with --check: by what share an aim may be missed on a noisy machine'),
  },
  examples: [
    'npm run bench:record',
    'npm run bench:record -- --only turn,request --rounds 100',
    'npm run bench:record -- --json --check',
  ],
  async run({ options: { only, rounds, scale, tolerance }, children, progress }) {
    requireBuild()
    const figures: Figure[] = []
    for (const name of only) {
      progress(name)
      const args = [name, String(rounds), String(scale)]
      const child = children.start({ script: CHILD, args, nodeArgs: ['--expose-gc'], cwd: ROOT })
      figures.push(...(await child.receive<Figure[]>()))
      await child.stop()
    }
    const rows = [...figures, ...wholeRequest(figures)].map(toRow)
    const missed = rows
      .filter(({ aim, median }) => aim !== undefined && median > aim * (1 + tolerance))
      .map(
        ({ about, median, unit, aim }) =>
          `${about}: ${figure(median)} ${unit}, aim <= ${aim} (tolerance ${tolerance * 100} %)`,
      )
    return { data: { rounds, scale, tolerance, rows }, text: draw(rows), missed }
  },
})
