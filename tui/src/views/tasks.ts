/** Every unit of work in flight, oldest first, and what the background work adds up to. */
import type { BackgroundRow, TaskRow } from '@loopscope/collector/protocol'
import { duration, rate, shortCount } from '../text/units.ts'
import { graded, gradedDuration, instanceColumn } from './cells.ts'
import { segment } from './line.ts'
import { drawTable, UNORDERED, type TableSpec } from './table.ts'
import { listView } from './view.ts'

/** A request is old after a second; work that may take longer, after half a minute. */
function tooOld(row: TaskRow): boolean {
  return row.kind === 'request' ? row.age >= 1000 : row.kind === 'background' && row.age >= 30_000
}

export const tasksTable: TableSpec<TaskRow> = {
  key: (row) => row.id,
  rows: (context) => [...context.tables.tasks].sort((a, b) => b.age - a.age),
  empty: () => 'Nothing is in flight: no request, no background work, no task.',
  columns: [
    {
      id: 'mark',
      header: ' ',
      about: 'older than is usual for its kind',
      width: 1,
      cell: (row, { glyphs }) => (tooOld(row) ? segment(glyphs.look, 'look') : ''),
    },
    {
      id: 'kind',
      header: 'KIND',
      about: 'request, background, job, ws, stream or timer',
      width: 10,
      cell: (row) => row.kind,
      sort: (row) => row.kind,
    },
    {
      id: 'state',
      header: 'STATE',
      about: 'running on the loop, ready to, or waiting',
      width: 7,
      cell: (row) => (row.state === 'running' ? segment(row.state, 'strong') : row.state),
      sort: (row) => row.state,
    },
    {
      id: 'name',
      header: 'NAME',
      about: 'its route, or the name that the program gave it',
      width: 12,
      max: 40,
      cell: (row) => segment(row.name, 'strong'),
      sort: (row) => row.name,
    },
    {
      id: 'age',
      header: 'AGE',
      about: 'since it began',
      width: 6,
      align: 'right',
      cell: (row) => (tooOld(row) ? segment(duration(row.age), 'look') : duration(row.age)),
      sort: (row) => row.age,
    },
    {
      id: 'on-loop',
      header: 'ON-LOOP',
      about: 'time that it held the loop itself',
      width: 7,
      align: 'right',
      drop: 3,
      when: ({ tables }) => tables.tasks.some((row) => row.onLoop !== undefined),
      cell: (row) => duration(row.onLoop),
      sort: (row) => row.onLoop ?? 0,
    },
    {
      id: 'waiting',
      header: 'WAITING ON',
      about: 'a pool, a queue, a query, an HTTP call, the thread pool, a timer or a stream',
      width: 12,
      max: 40,
      cell: (row) => (row.waitingOn === null ? '-' : `${row.waitingOn.kind} ${row.waitingOn.name}`.trim()),
      sort: (row) => (row.waitingOn === null ? '' : `${row.waitingOn.kind} ${row.waitingOn.name}`),
    },
    {
      id: 'since',
      header: 'SINCE',
      about: 'how long it has waited on that',
      width: 6,
      align: 'right',
      drop: 4,
      cell: (row, { now }) =>
        row.waitingOn === null ? '-' : gradedDuration(Math.max(0, now - row.waitingOn.since), 1000, 10_000),
      sort: (row, { now }) => (row.waitingOn === null ? 0 : now - row.waitingOn.since),
    },
    {
      id: 'site',
      header: 'AT',
      about: 'where in the program it began',
      width: 10,
      max: 48,
      keep: 'end',
      drop: 2,
      cell: (row) => row.site ?? '-',
      sort: (row) => row.site ?? '',
    },
    instanceColumn(),
  ],
}

export const backgroundTable: TableSpec<BackgroundRow> = {
  key: (row) => `${row.instance}|${row.name}`,
  rows: (context) => [...context.tables.background].sort((a, b) => b.running - a.running || b.oldest - a.oldest),
  empty: () => 'No background work was seen: nothing outlived its response.',
  columns: [
    {
      id: 'name',
      header: 'BACKGROUND WORK',
      about: 'after the response of a route, or a name given by withTask()',
      width: 15,
      max: 40,
      cell: (row) => segment(row.name, 'strong'),
    },
    {
      id: 'running',
      header: 'RUNNING',
      about: 'not over yet',
      width: 7,
      align: 'right',
      cell: (row) => graded(shortCount(row.running), row.running, 50, 1000),
    },
    {
      id: 'oldest',
      header: 'OLDEST',
      about: 'the age of the oldest that is not over',
      width: 6,
      align: 'right',
      cell: (row) => (row.running === 0 ? '-' : gradedDuration(row.oldest, 30_000, 300_000)),
    },
    {
      id: 'started',
      header: 'STARTED',
      about: 'begun in the last minute',
      width: 7,
      align: 'right',
      drop: 1,
      cell: (row) => shortCount(row.started),
    },
    {
      id: 'ended',
      header: 'ENDED',
      about: 'over in the last minute',
      width: 5,
      align: 'right',
      drop: 2,
      cell: (row) => shortCount(row.ended),
    },
    {
      id: 'in',
      header: 'IN',
      about: 'begun per second',
      width: 6,
      align: 'right',
      drop: 4,
      when: ({ tables }) => tables.background.some((row) => row.rateIn !== undefined),
      cell: (row) => rate(row.rateIn),
    },
    {
      id: 'out',
      header: 'OUT',
      about: 'over per second',
      width: 6,
      align: 'right',
      drop: 5,
      when: ({ tables }) => tables.background.some((row) => row.rateOut !== undefined),
      cell: (row) => rate(row.rateOut),
    },
    {
      id: 'p99',
      header: 'P99',
      about: '99 of 100 of the last minute took no longer',
      width: 6,
      align: 'right',
      drop: 6,
      when: ({ tables }) => tables.background.some((row) => row.duration !== undefined),
      cell: (row) => duration(row.duration?.p99),
    },
    {
      id: 'failed',
      header: 'FAILED',
      about: 'ended with an error',
      width: 6,
      align: 'right',
      cell: (row) => graded(shortCount(row.failed), row.failed, 1, 1),
    },
    {
      id: 'unhandled',
      header: 'UNSEEN',
      about: 'failures that nobody handled',
      width: 6,
      align: 'right',
      when: ({ tables }) => tables.background.some(({ unhandled }) => (unhandled ?? 0) > 0),
      cell: (row) => graded(shortCount(row.unhandled ?? 0), row.unhandled ?? 0, 1, 1),
    },
    {
      id: 'site',
      header: 'AT',
      about: 'where it was begun',
      width: 10,
      max: 48,
      keep: 'end',
      drop: 3,
      cell: (row) => row.site ?? '-',
    },
    instanceColumn(),
  ],
}

export const tasksView = listView<TaskRow>({
  name: 'tasks',
  title: 'tasks',
  about: 'every request, job and background task in flight, and what it waits on',
  table: tasksTable,
  counted: () => 'in flight, oldest first',
  below: (_, context, width) => {
    const rows = backgroundTable.rows(context)
    if (rows.length === 0) return null
    return {
      title: 'background',
      lines: drawTable(backgroundTable, rows, context, UNORDERED, { width, height: rows.length + 1 }),
    }
  },
})
