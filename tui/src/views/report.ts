/** The overview as text, for pipes, logs and CI: the same tables, as wide as they need to be. */
import type { LoopRow } from '@loopscope/collector/protocol'
import { verdict } from '../state/verdict.ts'
import { clockTime, duration, percent, rate, shortDuration } from '../text/units.ts'
import { blocksTable } from './blocks.ts'
import { gradedDuration } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, type Line } from './line.ts'
import { poolsTable } from './pools.ts'
import { routesTable } from './routes.ts'
import { arrange, drawTable, UNORDERED, type Order, type TableSpec } from './table.ts'
import { backgroundTable } from './tasks.ts'
import { verdictText } from './verdict-line.ts'
import { websocketsTable } from './websockets.ts'

const part = (row: LoopRow, key: 'js' | 'gc' | 'syncCall' | 'starved') => {
  const ms = row.busy[key]
  return ms === undefined ? '-' : percent(ms / 1000)
}

export const loopTable: TableSpec<LoopRow> = {
  key: (row) => row.instance,
  rows: (context) => [...context.tables.loop].sort((a, b) => b.utilization - a.utilization),
  empty: () => 'No figures yet.',
  columns: [
    {
      id: 'instance',
      header: 'EVENT LOOP',
      about: 'pid, and thread where there are several',
      width: 10,
      cell: (row, context) => segment(context.instanceName(row.instance), 'strong'),
    },
    {
      id: 'busy',
      header: 'BUSY',
      about: 'share of the time that it works',
      width: 5,
      align: 'right',
      cell: (row) => percent(row.utilization),
    },
    { id: 'js', header: 'JS', about: 'of that: JavaScript', width: 4, align: 'right', cell: (row) => part(row, 'js') },
    {
      id: 'sync',
      header: 'SYNC',
      about: 'of that: calls that block',
      width: 4,
      align: 'right',
      cell: (row) => part(row, 'syncCall'),
    },
    {
      id: 'gc',
      header: 'GC',
      about: 'of that: garbage collection',
      width: 4,
      align: 'right',
      cell: (row) => part(row, 'gc'),
    },
    {
      id: 'starved',
      header: 'STARVED',
      about: 'of that: ready, but not run by the system',
      width: 7,
      align: 'right',
      cell: (row) => part(row, 'starved'),
    },
    {
      id: 'p50',
      header: 'DELAY P50',
      about: 'how long a callback that is ready waits',
      width: 9,
      align: 'right',
      cell: (row) => duration(row.delay.p50),
    },
    {
      id: 'p99',
      header: 'P99',
      about: '99 of 100 wait no longer',
      width: 6,
      align: 'right',
      cell: (row) => gradedDuration(row.delay.p99, 50, 200),
    },
    {
      id: 'max',
      header: 'MAX',
      about: 'the longest wait',
      width: 6,
      align: 'right',
      cell: (row) => gradedDuration(row.delay.max, 100, 500),
    },
    {
      id: 'turns',
      header: 'TURNS',
      about: 'turns of the loop a second',
      width: 6,
      align: 'right',
      cell: (row) => rate(row.turnsPerSecond),
    },
    {
      id: 'longest',
      header: 'LONGEST',
      about: 'the longest turn',
      width: 7,
      align: 'right',
      cell: (row) => gradedDuration(row.longestTurn, 50, 250),
    },
  ],
}

export interface ReportSize {
  width: number
  /** Rows of each table. */
  limit: number
}

export function report(context: ViewContext, { width, limit }: ReportSize): Line[] {
  const { instances } = context.tables
  const services = [...new Set(instances.map((row) => row.service))].join(', ')
  const pids = instances.map((row) => context.instanceName(row.id)).join(', ')
  const versions = [...new Set(instances.map((row) => row.node.replace(/^v/, '')))].join(', ')
  const started = instances.map((row) => row.startedAt)
  const up = started.length === 0 ? '' : `   up ${shortDuration(Math.max(0, context.now - Math.min(...started)))}`
  const dropped = instances.reduce((sum, row) => sum + row.cost.dropped, 0)
  return [
    line(
      segment('loopscope', 'accent'),
      segment(`  ${services}`, 'strong'),
      `   pid ${pids}   node ${versions}${up}   ${clockTime(context.now)}`,
    ),
    line(...verdictText(verdict(context.tables), context)),
    ...(dropped > 0 ? [line(segment(` ${context.glyphs.look} ${dropped} events lost`, 'act'))] : []),
    ...table(loopTable, context, width, limit),
    ...table(blocksTable, context, width, limit),
    ...table(routesTable, context, width, limit),
    ...table(poolsTable, context, width, limit),
    ...(context.tables.background.length > 0 ? table(backgroundTable, context, width, limit) : []),
    ...(context.tables.websockets.length > 0 ? table(websocketsTable, context, width, limit) : []),
  ]
}

function table<Row>(spec: TableSpec<Row>, context: ViewContext, width: number, limit: number): Line[] {
  return [line(), ...tableText(spec, context, width, limit)]
}

export function tableText<Row>(
  spec: TableSpec<Row>,
  context: ViewContext,
  width: number,
  limit: number,
  order: Order = UNORDERED,
): Line[] {
  const rows = arrange(spec, context, order)
  if (rows.length === 0) return [line(segment(spec.empty(context), 'dim'))]
  const shownRows = rows.slice(0, limit)
  const more = rows.length - shownRows.length
  const lines = drawTable(spec, shownRows, context, order, { width, height: shownRows.length + 1 })
  return more > 0 ? [...lines, line(segment(`and ${more} more`, 'dim'))] : lines
}
