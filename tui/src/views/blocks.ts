/** Who blocked the loop: one row for each culprit (function, line and route), worst total harm first. */
import { culpritsOf, isTrouble, type Culprit } from '../state/culprits.ts'
import { duration, shortCount, shortDuration } from '../text/units.ts'
import { blockDetail } from './block-detail.ts'
import { callbacksCell, isMadeOfMany } from './callbacks.ts'
import { at, CAUSE_NAMES, gradedDuration, loadingOf, routeCell } from './cells.ts'
import type { ViewContext } from './context.ts'
import { segment } from './line.ts'
import type { TableSpec } from './table.ts'
import { listView } from './view.ts'

export function culpritName(culprit: { function: string | null; cause: Culprit['cause']; startup?: boolean }): string {
  if (culprit.startup) return 'start-up'
  return culprit.function ?? `(no stack: ${CAUSE_NAMES[culprit.cause]})`
}

/** Of start-up: where most of it went; the detail has all. */
function whereOf(row: Culprit, context: ViewContext): string {
  const slowest = row.startup ? row.longest.modules?.[0] : undefined
  return slowest ? `${shortDuration(slowest.time)} ${loadingOf(slowest)}` : at(row, context)
}

export function causeOf(row: Culprit): string {
  if (row.allowed !== null) return 'allowed'
  if (row.startup) return 'require'
  // What the garbage collector, the system or a debugger did, they did in many callbacks as in one.
  const isOwn = row.cause === 'js' || row.cause === 'sync-call' || row.cause === 'unknown'
  return isOwn && isMadeOfMany(row.longest) ? 'many small' : CAUSE_NAMES[row.cause]
}

export const blocksTable: TableSpec<Culprit> = {
  key: (row) => row.key,
  rows: (context) => culpritsOf(context.tables.blocks, context.tables.culprits),
  empty: () =>
    'No callback has held the loop for longer than the threshold (LOOPSCOPE_BLOCK_MS, 50 ms in production and 20 ms otherwise).',
  columns: [
    {
      id: 'mark',
      header: ' ',
      about: 'blocked now, or how bad: its process was killed, or others waited a second or more in all',
      width: 1,
      cell: (row, { glyphs }) => {
        if (!isTrouble(row)) return segment(row.open ? glyphs.dot : ' ', 'dim')
        if (row.open) return segment(glyphs.dot, 'act')
        return row.victimTime >= 1000 || row.fatal ? segment(glyphs.act, 'act') : segment(glyphs.look, 'look')
      },
    },
    {
      id: 'culprit',
      header: 'CULPRIT',
      about: 'the function that held the loop',
      width: 12,
      max: 36,
      cell: (row) => segment(culpritName(row), 'strong'),
      sort: (row) => culpritName(row),
    },
    {
      id: 'at',
      header: 'AT',
      about: 'its file, line and column',
      width: 14,
      max: 60,
      keep: 'end',
      cell: (row, context) => whereOf(row, context),
      sort: (row, context) => whereOf(row, context),
    },
    {
      id: 'route',
      header: 'ROUTE',
      about: 'the route of the request that ran it',
      width: 11,
      max: 32,
      cell: (row) => routeCell(row.longest),
      sort: (row) => row.route ?? '',
    },
    {
      id: 'cause',
      header: 'CAUSE',
      about:
        'js, a sync call, many small callbacks, garbage collection, starved by the system, suspended; or what is no trouble: allowed, require',
      width: 9,
      max: 10,
      drop: 4,
      cell: (row) => causeOf(row),
      sort: (row) => row.cause,
    },
    {
      id: 'callbacks',
      header: 'CALLBACKS',
      about: 'where no single callback held the loop: how many did at least, and of how many requests or tasks',
      width: 9,
      max: 16,
      drop: 1,
      when: ({ tables }) => tables.blocks.some(isMadeOfMany),
      cell: (row) => callbacksCell(row.longest),
      sort: (row) => row.longest.callbacks?.count ?? 0,
    },
    {
      id: 'count',
      header: 'COUNT',
      about: 'how many blocks',
      width: 5,
      align: 'right',
      cell: (row) => shortCount(row.count),
      sort: (row) => row.count,
    },
    {
      id: 'p50',
      header: 'P50',
      about: 'the median block',
      width: 6,
      align: 'right',
      drop: 2,
      cell: (row) => duration(row.p50),
      sort: (row) => row.p50,
    },
    {
      id: 'max',
      header: 'MAX',
      about: 'the longest block',
      width: 6,
      align: 'right',
      cell: (row) => gradedDuration(row.longest.duration, 100, 250),
      sort: (row) => row.longest.duration,
    },
    {
      id: 'victims',
      header: 'VICTIMS',
      about: 'requests and tasks that waited because of it',
      width: 7,
      align: 'right',
      drop: 5,
      cell: (row) => shortCount(row.victims),
      sort: (row) => row.victims,
    },
    {
      id: 'victim-time',
      header: 'VICTIM-TIME',
      about: 'how long they waited, in all',
      width: 11,
      align: 'right',
      drop: 6,
      cell: (row) => gradedDuration(row.victimTime, 200, 1000),
      sort: (row) => row.victimTime,
    },
    {
      id: 'last',
      header: 'LAST',
      about: 'how long ago; or that its process was killed in the middle of it',
      width: 6,
      align: 'right',
      drop: 3,
      cell: (row, { now }) => {
        if (row.open) return segment('now', isTrouble(row) ? 'act' : 'plain')
        return row.fatal ? segment('killed', 'act') : shortDuration(Math.max(0, now - row.lastAt))
      },
      sort: (row) => row.lastAt,
    },
  ],
}

export const blocksView = listView<Culprit>({
  name: 'blocks',
  title: 'blocks',
  about: 'who blocked the loop, by function, line and route',
  table: blocksTable,
  counted: (n) => `${n === 1 ? 'culprit' : 'culprits'}, worst harm first`,
  detail: blockDetail,
  files: (row) => row.blocks.flatMap((block) => (block.file === null ? [] : [block.file])).slice(0, 1),
})
