/** Every pool: how full, who waits how long, and who holds its slots. */
import type { PoolHolder, PoolRow } from '@loopscope/collector/protocol'
import { bar } from '../text/charts.ts'
import { duration, shortCount } from '../text/units.ts'
import { graded, gradedDuration, instanceColumn } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, type Line, type Segment } from './line.ts'
import { drawTable, UNORDERED, type TableSpec } from './table.ts'
import { listView } from './view.ts'

const BAR_CELLS = 10

/** As people call them. */
const SHORT_SYSTEMS: Record<string, string> = { postgresql: 'pg', mongodb: 'mongo', 'microsoft.sql_server': 'mssql' }

export function poolName(row: PoolRow): string {
  return row.kind === 'libuv' ? 'libuv' : `${SHORT_SYSTEMS[row.system] ?? row.system} ${row.name}`.trim()
}

/** act: all slots held and somebody waits. look: somebody has waited a while, or a probe does now. */
export function poolState(row: PoolRow): 'fine' | 'look' | 'act' {
  // That tasks wait is what a queue is for.
  if (row.kind === 'queue') return lostLocks(row) ? 'act' : (row.pending ?? 0) > 0 ? 'look' : 'fine'
  const full = row.used !== null && row.limit !== null && row.used >= row.limit
  if (full && (row.pending ?? 0) > 0) return 'act'
  if ((row.probeAge ?? 0) >= 100) return 'act'
  return row.wait.p99 >= 20 || row.timeouts > 0 ? 'look' : 'fine'
}

function lostLocks({ jobs }: PoolRow): boolean {
  return jobs !== undefined && (jobs.stalled > 0 || jobs.lateRenewals > 0)
}

export function poolMark(row: PoolRow, context: ViewContext): Segment {
  const state = poolState(row)
  if (state === 'fine') return segment(context.glyphs.ok, 'good')
  return state === 'act' ? segment(context.glyphs.act, 'act') : segment(context.glyphs.look, 'look')
}

export function usage(row: PoolRow, context: ViewContext, cells: number): Segment[] {
  const state = poolState(row)
  if (row.used === null) return [segment(`${' '.repeat(cells)}${cells > 0 ? ' ' : ''}?/${row.limit}`)]
  const tone = state === 'fine' ? 'good' : state
  const { used, limit } = row
  if (cells === 0) return [segment(`${used}/${limit ?? '-'}`, tone)]
  if (limit === null) return [segment(`${' '.repeat(cells)} ${used}/-`)]
  return [segment(bar(used / limit, cells, context.glyphs), tone), segment(` ${used}/${limit}`)]
}

export function sorted(rows: PoolRow[]): PoolRow[] {
  const rank = { act: 0, look: 1, fine: 2 }
  return [...rows].sort((a, b) => rank[poolState(a)] - rank[poolState(b)] || b.wait.p99 - a.wait.p99)
}

function callTimes({ connect, firstByte }: PoolRow): string {
  return connect || firstByte ? `${duration(connect?.p99).trim()} / ${duration(firstByte?.p99).trim()}` : '-'
}

export const poolsTable: TableSpec<PoolRow> = {
  key: (row) => [row.instance, row.kind, row.system, row.name].join('|'),
  rows: (context) => sorted(context.tables.pools),
  empty: () =>
    "No pool was seen yet: libuv's thread pool shows with the first figures, a connection pool or a queue with its first use.",
  columns: [
    {
      id: 'mark',
      header: ' ',
      about: 'fine, look (waits), act (all slots held and others wait)',
      width: 1,
      cell: poolMark,
    },
    {
      id: 'pool',
      header: 'POOL',
      about: 'libuv, or system and name',
      width: 12,
      max: 32,
      cell: (row) => segment(poolName(row), 'strong'),
      sort: poolName,
    },
    {
      id: 'used',
      header: 'USED',
      about: 'slots held, of how many; ? where the system does not tell, - where there is no limit',
      width: BAR_CELLS + 6,
      max: BAR_CELLS + 10,
      cell: (row, context) => usage(row, context, BAR_CELLS),
      sort: (row) => (row.used ?? 0) / (row.limit ?? Infinity),
    },
    {
      id: 'pending',
      header: 'WAITING',
      about: 'who asked for a slot and has none yet',
      width: 7,
      align: 'right',
      cell: (row) => graded(shortCount(row.pending), row.pending, 1, 10),
      sort: (row) => row.pending ?? 0,
    },
    {
      id: 'wait-p50',
      header: 'WAIT P50',
      about: 'the median wait for a slot',
      width: 8,
      align: 'right',
      drop: 3,
      cell: (row) => duration(row.wait.p50),
      sort: (row) => row.wait.p50,
    },
    {
      id: 'wait-p99',
      header: 'P99',
      about: '99 of 100 waited no longer for a slot',
      width: 6,
      align: 'right',
      cell: (row) => gradedDuration(row.wait.p99, 20, 100),
      sort: (row) => row.wait.p99,
    },
    {
      id: 'wait-max',
      header: 'MAX',
      about: 'the longest wait for a slot',
      width: 6,
      align: 'right',
      drop: 4,
      cell: (row) => duration(row.wait.max),
      sort: (row) => row.wait.max,
    },
    {
      id: 'use-p99',
      header: 'USE P99',
      about: '99 of 100 held their slot no longer',
      width: 7,
      align: 'right',
      drop: 5,
      cell: (row) => duration(row.use?.p99),
      sort: (row) => row.use?.p99 ?? 0,
    },
    {
      id: 'call-p99',
      header: 'CONNECT/ANSWER P99',
      about: 'calls to other servers: how long new connections took, and from a connection to the head of the answer',
      width: 18,
      align: 'right',
      drop: 1.1,
      cell: (row) => callTimes(row),
      sort: (row) => row.firstByte?.p99 ?? 0,
    },
    {
      id: 'timeouts',
      header: 'TIMEOUTS',
      about: 'who gave up waiting',
      width: 8,
      align: 'right',
      drop: 2,
      cell: (row) => graded(shortCount(row.timeouts), row.timeouts, 1, 1),
      sort: (row) => row.timeouts,
    },
    {
      id: 'holders',
      header: 'OLDEST HOLDER',
      about: 'who has held a slot for longest',
      width: 14,
      max: 48,
      drop: 1.5,
      cell: (row) => {
        const oldest = byAge(row.holders)[0]
        return oldest ? `${oldest.route ?? oldest.activity ?? '(nobody known)'} ${duration(oldest.age).trim()}` : '-'
      },
    },
    instanceColumn(),
  ],
}

const holdersTable: TableSpec<PoolHolder & { key: string }> = {
  key: (row) => row.key,
  rows: () => [],
  empty: () => '',
  columns: [
    {
      id: 'age',
      header: 'HELD',
      about: 'for how long',
      width: 6,
      align: 'right',
      cell: (row) => gradedDuration(row.age, 1000, 5000),
    },
    {
      id: 'route',
      header: 'BY',
      about: 'route of the holder',
      width: 14,
      max: 40,
      cell: (row) => segment(row.route ?? '-', 'strong'),
    },
    {
      id: 'site',
      header: 'ACQUIRED AT',
      about: 'the line that asked for the slot',
      width: 14,
      max: 80,
      keep: 'end',
      cell: (row) => row.site ?? '-',
    },
    {
      id: 'activity',
      header: 'ACTIVITY',
      about: 'its id',
      width: 8,
      max: 24,
      drop: 1,
      cell: (row) => row.activity ?? '-',
    },
  ],
}

function byAge(holders: PoolHolder[]): PoolHolder[] {
  return [...holders].sort((a, b) => b.age - a.age)
}

export function holderLines(row: PoolRow, context: ViewContext, width: number): Line[] {
  if (row.kind === 'libuv') {
    const probe =
      row.probeAge === undefined
        ? 'no probe is out'
        : `the probe that is out now has waited ${duration(row.probeAge).trim()}`
    return [line(`${row.limit} threads (UV_THREADPOOL_SIZE) for fs, dns.lookup, crypto and zlib; ${probe}`)]
  }
  if (row.holders.length === 0) return [...lockLines(row, context), line(segment('no slot is held', 'dim'))]
  const rows = byAge(row.holders).map((holder, i) => ({ ...holder, key: String(i) }))
  const holders = drawTable(holdersTable, rows, context, UNORDERED, { width, height: rows.length + 1 })
  return [...lockLines(row, context), ...holders]
}

/** What became of the locks of jobs, and which code was to blame. */
function lockLines(row: PoolRow, { tables }: ViewContext): Line[] {
  if (!row.jobs || !lostLocks(row)) return []
  const { stalled, lateRenewals, worstRenewal } = row.jobs
  const text = `${stalled} jobs lost their lock, ${lateRenewals} renewals of locks came late`
  if (worstRenewal === null) return [line(segment(text, 'act'))]
  const block = tables.blocks.find(({ id }) => id === worstRenewal.block)
  const by = block?.function ? `: ${block.function} at ${block.file}:${block.line} held the loop` : ''
  return [line(segment(`${text}, by ${duration(worstRenewal.late).trim()}${by}`, 'act'))]
}

export const poolsView = listView<PoolRow>({
  name: 'pools',
  title: 'pools',
  about: 'connection pools, queues and the thread pool: how full, who waits, who holds',
  table: poolsTable,
  counted: (n) => `${n === 1 ? 'pool' : 'pools'}, fullest first`,
  below: (row, context, width) =>
    row ? { title: `holders of ${poolName(row)}`, lines: holderLines(row, context, width) } : null,
  detail: (row, context, _, width) => [
    line(poolMark(row, context), ' ', segment(poolName(row), 'strong'), '  ', usage(row, context, 20)),
    line(),
    ...holderLines(row, context, width),
  ],
})
