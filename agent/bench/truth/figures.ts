/** From comparisons to the figures of a table: recall, what is right of the rows, errors of the duration. Pure. */
import { quantile } from '../support/statistics.ts'
import { table } from '../support/table.ts'
import type { Comparison, Found } from './compare.ts'

export const LENGTHS = [
  { name: '5-12 ms', from: 0, to: 12 },
  { name: '12-20 ms', from: 12, to: 20 },
  { name: '20-50 ms', from: 20, to: 50 },
  { name: '50 ms and more', from: 50, to: Infinity },
] as const

const QUALITIES = ['function', 'line', 'route', 'api', 'cause', 'package', 'frames', 'duration'] as const

export interface Score {
  right: number
  of: number
}

export interface Row {
  name: string
  planted: number
  /** Reported, of those over the threshold. */
  recall: Score
  /** Function, line and route right, of those over the threshold that are the program's own fault. */
  named: Score
  /** Of those over the threshold that were reported: */
  function: Score
  line: Score
  route: Score
  api: Score
  cause: Score
  package: Score
  frames: Score
  duration: Score
  durationError: { p50: number; max: number }
  beginError: { p50: number; max: number }
}

export function rowOf(name: string, found: readonly Found[]): Row {
  const due = found.filter((one) => one.isDue)
  const seen = found.filter((one) => one.row)
  const nameable = due.filter((one) => !one.row || one.line !== undefined)
  const of = (key: (typeof QUALITIES)[number]): Score => {
    const asked = seen.filter((one) => one[key] !== undefined && (one.isDue || key === 'duration'))
    return { right: asked.filter((one) => one[key]).length, of: asked.length }
  }
  const spread = (values: number[]): { p50: number; max: number } => {
    const sizes = values.map(Math.abs)
    return sizes.length === 0 ? { p50: 0, max: 0 } : { p50: quantile(sizes, 0.5), max: Math.max(...sizes) }
  }
  return {
    name,
    planted: found.length,
    recall: { right: due.filter((one) => one.row).length, of: due.length },
    named: { right: nameable.filter((one) => one.line && one.route).length, of: nameable.length },
    function: of('function'),
    line: of('line'),
    route: of('route'),
    api: of('api'),
    cause: of('cause'),
    package: of('package'),
    frames: of('frames'),
    duration: of('duration'),
    durationError: spread(seen.map((one) => one.durationError)),
    beginError: spread(seen.map((one) => one.beginError)),
  }
}

export function byKind(found: readonly Found[]): Row[] {
  const kinds = [...new Set(found.map((one) => one.planted.kind))].sort()
  return kinds.map((kind) =>
    rowOf(
      kind,
      found.filter((one) => one.planted.kind === kind),
    ),
  )
}

export function byLength(found: readonly Found[]): Row[] {
  return LENGTHS.map(({ name, from, to }) =>
    rowOf(
      name,
      found.filter(({ ms }) => ms >= from && ms < to),
    ),
  )
}

export function share({ right, of }: Score): number {
  return of === 0 ? 1 : right / of
}

function percent(score: Score): string {
  return score.of === 0 ? '-' : `${(Math.floor(share(score) * 1000) / 10).toFixed(1)}`
}

const HEAD = [
  '',
  'planted',
  'due',
  'recall',
  'named',
  'function',
  'line',
  'route',
  'api',
  'cause',
  'duration',
  'ms off p50',
  'max',
  'begin p50',
  'max',
]

export function draw(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    String(row.planted),
    String(row.recall.of),
    ...[row.recall, row.named, row.function, row.line, row.route, row.api, row.cause, row.duration].map(percent),
    row.durationError.p50.toFixed(1),
    row.durationError.max.toFixed(1),
    row.beginError.p50.toFixed(1),
    row.beginError.max.toFixed(1),
  ])
  return table(HEAD, lines)
}

export interface Extras {
  /** Blocks that did not happen. */
  false: number
  /** Real ones, which the system made: a collection, no processor, a stop. */
  system: number
  /** Blocks, planted or not, that a function is blamed for while the system was at fault. */
  wronged: number
  /** Real ones of the program itself beside what was planted. */
  other: number
}

export function extrasOf(comparisons: readonly Comparison[]): Extras {
  const all = comparisons.flatMap((one) => one.extras)
  return {
    false: all.filter((one) => !one.turn).length,
    system: all.filter((one) => one.turn && one.why !== 'code').length,
    wronged: [...all, ...comparisons.flatMap((one) => one.found)].filter((one) => one.isWronged).length,
    other: all.filter((one) => one.why === 'code').length,
  }
}

/** Everything that is not right, one line each. */
export function faults(comparisons: readonly Comparison[]): string[] {
  const lines: string[] = []
  for (const { found, extras } of comparisons) {
    for (const one of found) {
      const { planted, ms, row } = one
      const how = `${planted.kind} ${ms.toFixed(1)} ms${planted.awaited ? ', awaited' : ''}${planted.decoy ? ', decoy' : ''}, run delay ${planted.runDelay.toFixed(1)}`
      if (!row) {
        if (one.isDue) lines.push(`missed: ${how}`)
        continue
      }
      const wrong: string[] = QUALITIES.filter((key) => one[key] === false && (one.isDue || key === 'duration'))
      if (one.isWronged) wrong.push('WRONGED')
      if (wrong.length === 0) continue
      const top = row.stack.slice(0, 4).map((frame) => `${frame.function} ${frame.file}:${frame.line}`)
      const said = `${row.function} ${row.file}:${row.line}, route ${row.route}, api ${row.api}, ${row.cause}, ${row.duration.toFixed(1)} ms`
      lines.push(
        `${wrong.join(', ')}: ${how} -> ${said}; ${JSON.stringify(row.evidence, round)}; off by ${one.durationError.toFixed(1)}, begin ${one.beginError.toFixed(1)}; ${top.join(' < ')}`,
      )
    }
    for (const { row, turn, around, why, isWronged } of extras) {
      const said = `${row.function} ${row.file}:${row.line}, ${row.cause}, ${row.duration.toFixed(1)} ms, ${JSON.stringify(row.evidence, round)}`
      const seen = turn
        ? `real (${why}, turn ${turn.busy.toFixed(1)} ms, run delay ${turn.runDelay.toFixed(1)})`
        : `did not happen (the turn there: ${around ? `${around.busy.toFixed(1)} busy of ${(around.to - around.from).toFixed(1)} ms, its end ${(around.to - row.at - row.duration).toFixed(1)} after that of the row` : 'short'})`
      lines.push(`not planted, ${seen}${isWronged ? ', WRONGED' : ''}: ${said}`)
    }
  }
  return lines
}

function round(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 10) / 10 : value
}
