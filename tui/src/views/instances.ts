/** Every observed thread: what it is, what is hooked in it and how, and what loopscope itself costs there. */
import type { HookRow, InstanceRow } from '@loopscope/collector/protocol'
import { bar } from '../text/charts.ts'
import { bytes, percent, shortCount, shortDuration } from '../text/units.ts'
import { graded } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, type Line, type Segment } from './line.ts'
import type { TableSpec } from './table.ts'
import { listView } from './view.ts'

function status(row: InstanceRow, context: ViewContext): Segment {
  if (row.status === 'live') return segment(`${context.glyphs.dot} live`, 'good')
  if (row.status === 'blocked') return segment(`${context.glyphs.act} blocked`, 'act')
  return segment(`${context.glyphs.ring} ${row.status}`, 'dim')
}

function hookSummary(row: InstanceRow): Segment[] {
  const missed = row.hooked.filter((hook) => hook.how === 'none').length
  const hooked = segment(`${row.hooked.length - missed} hooked`)
  return missed === 0 ? [hooked] : [hooked, segment(`, ${missed} missed`, 'look')]
}

export const instancesTable: TableSpec<InstanceRow> = {
  key: (row) => row.id,
  rows: (context) =>
    [...context.tables.instances].sort(
      (a, b) => a.service.localeCompare(b.service) || a.pid - b.pid || a.thread.localeCompare(b.thread),
    ),
  empty: () => 'No instance has reported yet.',
  columns: [
    {
      id: 'service',
      header: 'SERVICE',
      about: 'OTEL_SERVICE_NAME, or the name in package.json',
      width: 10,
      max: 28,
      cell: (row) => segment(row.service, 'strong'),
      sort: (row) => row.service,
    },
    {
      id: 'pid',
      header: 'PID',
      about: 'process id',
      width: 7,
      align: 'right',
      cell: (row) => String(row.pid),
      sort: (row) => -row.pid,
    },
    {
      id: 'thread',
      header: 'THREAD',
      about: 'main, or the worker',
      width: 6,
      max: 16,
      cell: (row) => row.thread,
      sort: (row) => row.thread,
    },
    {
      id: 'status',
      header: 'STATUS',
      about: 'live, blocked now, or exited',
      width: 9,
      cell: status,
      sort: (row) => row.status,
    },
    {
      id: 'busy',
      header: 'BUSY',
      about: 'share of the time that its loop works',
      width: 12,
      cell: (row, context) => {
        const share = context.loopOf(row.id)?.utilization
        if (share === undefined) return '-'
        return [
          segment(bar(share, 6, context.glyphs), share >= 0.85 ? 'act' : share >= 0.6 ? 'look' : 'good'),
          segment(percent(share).padStart(5)),
        ]
      },
      sort: (row, context) => context.loopOf(row.id)?.utilization ?? 0,
    },
    {
      id: 'up',
      header: 'UP',
      about: 'since it started',
      width: 6,
      align: 'right',
      cell: (row, { now }) => shortDuration(Math.max(0, now - row.startedAt)),
      sort: (row, { now }) => now - row.startedAt,
    },
    {
      id: 'node',
      header: 'NODE',
      about: 'version of Node.js',
      width: 8,
      drop: 3,
      cell: (row) => row.node.replace(/^v/, ''),
      sort: (row) => row.node,
    },
    {
      id: 'cpu',
      header: 'COST',
      about: "loopscope's own CPU there, as a share of one core",
      width: 5,
      align: 'right',
      cell: (row) => graded(percent(row.cost.cpu), row.cost.cpu, 0.05, 0.2),
      sort: (row) => row.cost.cpu,
    },
    {
      id: 'memory',
      header: 'MEMORY',
      about: "memory of loopscope's worker",
      width: 6,
      align: 'right',
      drop: 4,
      cell: (row) => bytes(row.cost.memory),
      sort: (row) => row.cost.memory,
    },
    {
      id: 'dropped',
      header: 'LOST',
      about: 'events lost because the ring was full',
      width: 5,
      align: 'right',
      drop: 5,
      cell: (row) => graded(shortCount(row.cost.dropped), row.cost.dropped, 1, 1),
      sort: (row) => row.cost.dropped,
    },
    {
      id: 'hooked',
      header: 'LIBRARIES',
      about: 'what is observed; missed: seen, but not hooked',
      width: 9,
      max: 22,
      drop: 6,
      cell: hookSummary,
    },
    {
      id: 'host',
      header: 'HOST',
      about: 'its machine',
      width: 8,
      max: 24,
      drop: 1,
      cell: (row) => row.host,
      sort: (row) => row.host,
    },
    {
      id: 'url',
      header: 'ADDRESS',
      about: 'where it serves metrics and this stream',
      width: 12,
      max: 40,
      drop: 2,
      when: ({ tables }) => tables.instances.some((row) => row.url),
      cell: (row) => row.url ?? '-',
    },
  ],
}

function hookLine(hook: HookRow, context: ViewContext): Line {
  const { glyphs } = context
  const name = `${hook.module} ${hook.version}`.trim().padEnd(24)
  if (hook.how === 'none')
    return line(segment(`${glyphs.look} ${name}  not hooked`, 'look'), segment(hook.why ? `: ${hook.why}` : ''))
  return line(segment(glyphs.ok, 'good'), ` ${name}  by ${hook.how}`, segment(hook.why ? `: ${hook.why}` : '', 'dim'))
}

export const instancesView = listView<InstanceRow>({
  name: 'instances',
  title: 'instances',
  about: 'processes and threads, what is hooked and how, and what loopscope costs them',
  table: instancesTable,
  counted: (n) => (n === 1 ? 'thread' : 'threads'),
  below: (row, context) => {
    if (!row) return null
    const missedFirst = [...row.hooked].sort((a, b) => Number(b.how === 'none') - Number(a.how === 'none'))
    const lines = missedFirst.map((hook) => hookLine(hook, context))
    const title = `libraries in ${context.instanceName(row.id)} (loopscope ${row.agent})`
    return {
      title,
      lines: lines.length > 0 ? lines : [line(segment('no library that loopscope knows was loaded', 'dim'))],
    }
  },
})
