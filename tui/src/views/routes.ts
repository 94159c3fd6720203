/** Every route: how fast, where its time goes, and who delays whom. */
import { WAITS, type RouteRow, type Wait } from '@loopscope/collector/protocol'
import { divide } from '../text/charts.ts'
import { duration, percent, rate, shortCount, shortDuration } from '../text/units.ts'
import { blameLines } from './blame.ts'
import { graded, gradedDuration, instanceColumn } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, type Line, type Segment, type Tone } from './line.ts'
import type { TableSpec } from './table.ts'
import { listView } from './view.ts'

type PartName = 'onLoop' | Wait

const PART_LABELS: Record<PartName, string> = {
  onLoop: 'on-loop',
  loopWait: 'loop-wait',
  poolWait: 'pool-wait',
  db: 'db',
  http: 'http',
  threadPool: 'threads',
  timer: 'timer',
  stream: 'stream',
  other: 'other',
}

const PART_TONES: Partial<Record<PartName, Tone>> = {
  onLoop: 'act',
  loopWait: 'look',
  poolWait: 'look',
  db: 'accent',
  http: 'accent',
  threadPool: 'accent',
}
const BAR_CELLS = 10
const LONGEST_PART = 'loop-wait 99%'.length

interface LatencyPart {
  name: PartName
  ms: number
  share: number
}

/** The parts of the mean latency, largest first. */
export function partsOf(row: RouteRow): LatencyPart[] {
  const parts = (['onLoop', ...WAITS] as const).map((name) => ({ name, ms: row.breakdown[name] ?? 0 }))
  const total = parts.reduce((sum, part) => sum + part.ms, 0)
  return parts
    .filter((part) => part.ms > 0)
    .map((part) => ({ ...part, share: part.ms / total }))
    .sort((a, b) => b.ms - a.ms)
}

/** `pool-wait 47%  ████▓▓▓▒▒░  on-loop 31%`: the largest part first, which is what a narrow column shows. */
export function spentIn(row: RouteRow, context: ViewContext): Segment[] {
  const parts = partsOf(row)
  if (parts.length === 0) return [segment('-')]
  const shownParts = parts.slice(0, context.glyphs.fills.length)
  const cells = divide(
    shownParts.map((part) => part.ms),
    BAR_CELLS,
  )
  const named = (part: LatencyPart | undefined) => (part ? `${PART_LABELS[part.name]} ${percent(part.share)}` : '')
  const bars = shownParts.map((part, i) =>
    segment(context.glyphs.fills[i]!.repeat(cells[i]!), PART_TONES[part.name] ?? 'dim'),
  )
  const [first, second] = parts
  const lead = [segment(named(first).padEnd(LONGEST_PART)), segment('  ')]
  return [...lead, ...bars, segment(`  ${named(second)}`.trimEnd())]
}

export const routesTable: TableSpec<RouteRow> = {
  key: (row) => `${row.instance}|${row.route}`,
  rows: (context) =>
    [...context.tables.routes].sort(
      (a, b) => b.caused + b.blockedFor - (a.caused + a.blockedFor) || b.rate - a.rate || b.count - a.count,
    ),
  empty: () => 'No request was seen yet.',
  columns: [
    {
      id: 'route',
      header: 'ROUTE',
      about: "method and the route's template",
      width: 13,
      max: 40,
      cell: (row) => segment(row.route, 'strong'),
      sort: (row) => row.route,
    },
    {
      id: 'rate',
      header: 'RATE',
      about: 'requests a second',
      width: 6,
      align: 'right',
      cell: (row) => rate(row.rate),
      sort: (row) => row.rate,
    },
    {
      id: 'in-flight',
      header: 'FLYING',
      about: 'requests in flight',
      width: 6,
      align: 'right',
      drop: 5,
      cell: (row) => shortCount(row.inFlight),
      sort: (row) => row.inFlight,
    },
    {
      id: 'p50',
      header: 'P50',
      about: 'median latency',
      width: 6,
      align: 'right',
      cell: (row) => duration(row.latency.p50),
      sort: (row) => row.latency.p50,
    },
    {
      id: 'p99',
      header: 'P99',
      about: '99 of 100 took no longer',
      width: 6,
      align: 'right',
      cell: (row) => gradedDuration(row.latency.p99, 250, 1000),
      sort: (row) => row.latency.p99,
    },
    {
      id: 'max',
      header: 'MAX',
      about: 'the slowest',
      width: 6,
      align: 'right',
      drop: 3,
      cell: (row) => duration(row.latency.max),
      sort: (row) => row.latency.max,
    },
    {
      id: 'where',
      header: 'SPENT IN',
      about: 'the parts of its mean latency: on-loop, waits',
      width: LONGEST_PART,
      max: 44,
      late: true,
      whole: true,
      drop: 6,
      cell: spentIn,
    },
    {
      id: 'blocked-for',
      header: 'BLOCKED',
      about: 'how long its requests waited because of blocks of others',
      width: 7,
      align: 'right',
      cell: (row) => gradedDuration(row.blockedFor, 200, 1000),
      sort: (row) => row.blockedFor,
    },
    {
      id: 'caused',
      header: 'CAUSED',
      about: 'how long others waited because of its blocks',
      width: 6,
      align: 'right',
      cell: (row) => gradedDuration(row.caused, 200, 1000),
      sort: (row) => row.caused,
    },
    {
      id: 'errors',
      header: 'ERRORS',
      about: 'requests that failed',
      width: 6,
      align: 'right',
      drop: 4,
      cell: (row) => graded(shortCount(row.errors), row.errors, 1, 100),
      sort: (row) => row.errors,
    },
    {
      id: 'count',
      header: 'COUNT',
      about: 'requests so far',
      width: 6,
      align: 'right',
      drop: 2,
      cell: (row) => shortCount(row.count),
      sort: (row) => row.count,
    },
    instanceColumn(),
  ],
}

function breakdownLines(row: RouteRow, context: ViewContext): Line[] {
  return partsOf(row).map((part) => {
    const cells = Math.max(1, Math.round(part.share * 40))
    const tone = PART_TONES[part.name] ?? 'dim'
    return line(
      PART_LABELS[part.name].padEnd(10),
      duration(part.ms),
      percent(part.share).padStart(6),
      '  ',
      segment(context.glyphs.full.repeat(cells), tone),
    )
  })
}

export const routesView = listView<RouteRow>({
  name: 'routes',
  title: 'routes',
  about: 'every route: latency, where its time goes, who delays whom',
  table: routesTable,
  counted: (n) => `${n === 1 ? 'route' : 'routes'}, most harm first`,
  below: (row, context) => {
    if (!row) return null
    const parts = [...breakdownLines(row, context), ...blameLines(row, context)]
    const mean = partsOf(row).reduce((sum, part) => sum + part.ms, 0)
    const title = `${row.route}: where a mean request of ${shortDuration(mean)} spends its time`
    return parts.length === 0 ? null : { title, lines: parts }
  },
})
