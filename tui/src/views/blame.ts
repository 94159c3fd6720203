/** Which route delays which: ms a minute that the one waited because of blocks of the other. */
import { ROW_KEY, type BlameRow } from '@loopscope/collector/protocol'
import { duration, shortCount } from '../text/units.ts'
import { at, CAUSE_NAMES, graded, instanceColumn } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, type Line } from './line.ts'
import type { TableSpec } from './table.ts'

export const BLAME_ABOUT = 'which route delays which, by what code: ms a minute'

/** What cannot be known exactly says so. */
function perMinute(row: BlameRow): string {
  return `${row.isEstimate ? '~' : ''}${duration(row.perMinute).trim()}`
}

function culpritOf({ culprit, cause, function: fn }: BlameRow): string {
  return culprit ?? (fn === null ? `(${CAUSE_NAMES[cause]})` : 'no request')
}

function worstFirst(rows: readonly BlameRow[]): BlameRow[] {
  return [...rows].sort((a, b) => b.perMinute - a.perMinute)
}

export const blameTable: TableSpec<BlameRow> = {
  key: ROW_KEY.blame,
  rows: (context) => worstFirst(context.tables.blame),
  empty: () => 'Nobody has waited for a block in the last minute.',
  columns: [
    {
      id: 'route',
      header: 'WHO WAITED',
      about: 'the route, or the task, that was delayed',
      width: 13,
      max: 40,
      cell: (row) => segment(row.route, 'strong'),
      sort: (row) => row.route,
    },
    {
      id: 'per-minute',
      header: 'A MINUTE',
      about: 'how long its requests waited, all together; ~ where not all of it is exact',
      width: 8,
      align: 'right',
      cell: (row) => graded(perMinute(row), row.perMinute, 200, 1000),
      sort: (row) => row.perMinute,
    },
    {
      id: 'times',
      header: 'TIMES',
      about: 'how often one of them had to wait in the last minute',
      width: 5,
      align: 'right',
      cell: (row) => shortCount(row.count),
      sort: (row) => row.count,
    },
    {
      id: 'exact',
      header: 'EXACT',
      about: 'how much of the last minute is exact (timers, slots of pools); the rest is an estimate (sockets)',
      width: 6,
      align: 'right',
      drop: 1,
      cell: (row) => duration(row.exact),
      sort: (row) => row.exact ?? 0,
    },
    {
      id: 'culprit',
      header: 'BECAUSE OF',
      about: "the route whose code held the loop; or what did, where that is nobody's code",
      width: 13,
      max: 40,
      cell: (row) => culpritOf(row),
      sort: (row) => culpritOf(row),
    },
    {
      id: 'function',
      header: 'IN',
      about: 'the function that held it',
      width: 12,
      max: 36,
      drop: 2,
      cell: (row) => row.function ?? '-',
      sort: (row) => row.function ?? '',
    },
    {
      id: 'at',
      header: 'AT',
      about: 'its file and line',
      width: 14,
      max: 60,
      keep: 'end',
      drop: 3,
      cell: (row, context) => at(row, context),
      sort: (row, context) => at(row, context),
    },
    instanceColumn(),
  ],
}

const LINES_EACH = 3

/** Of one route: by whom it is delayed, and whom it delays. */
export function blameLines(route: { instance: string; route: string }, context: ViewContext): Line[] {
  const rows = worstFirst(context.tables.blame.filter((row) => row.instance === route.instance))
  const lineOf = (label: string, row: BlameRow, other: string): Line =>
    line(
      segment(label.padEnd(11), 'dim'),
      `${perMinute(row)}/min`.padStart(11),
      `  ${other}`,
      segment(row.function === null ? '' : `  ${row.function} ${at(row, context)}`, 'dim'),
    )
  const by = rows.filter((row) => row.route === route.route).slice(0, LINES_EACH)
  const others = new Map<string, BlameRow>()
  for (const row of rows) if (row.culprit === route.route && !others.has(row.route)) others.set(row.route, row)
  return [
    ...by.map((row) => lineOf('delayed by', row, culpritOf(row))),
    ...[...others.values()].slice(0, LINES_EACH).map((row) => lineOf('delays', row, row.route)),
  ]
}
