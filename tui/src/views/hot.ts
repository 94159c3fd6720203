/** Who holds the loop, all the time: what the random samples of busy time show. */
import { ROW_KEY, type HotRow } from '@loopscope/collector/protocol'
import { percent } from '../text/units.ts'
import { at, graded, instanceColumn } from './cells.ts'
import type { ViewContext } from './context.ts'
import { drawFlame } from './flame.ts'
import { segment } from './line.ts'
import type { TableSpec } from './table.ts'
import { listView, type View } from './view.ts'

/** Its share of the exact busy time of the turns. */
function msPerSecond(row: HotRow, context: ViewContext): number | undefined {
  const busy = context.loopOf(row.instance)?.busy.total
  return busy === undefined ? undefined : row.share * busy
}

function sharePoints(share: number): string {
  return (share * 100).toFixed(share < 0.0995 ? 1 : 0)
}

export const hotTable: TableSpec<HotRow> = {
  key: ROW_KEY.hot,
  rows: (context) =>
    [...context.tables.hot].sort(
      (a, b) => (msPerSecond(b, context) ?? 0) - (msPerSecond(a, context) ?? 0) || b.share - a.share,
    ),
  empty: () => 'No sample was taken yet: the sampler looks only while the loop is busy.',
  columns: [
    {
      id: 'line',
      header: 'LINE',
      about: 'file, line and column that ran',
      width: 18,
      max: 60,
      keep: 'end',
      cell: (row, context) => at(row, context),
      sort: (row, context) => at(row, context),
    },
    {
      id: 'function',
      header: 'FUNCTION',
      about: 'its function',
      width: 12,
      max: 36,
      cell: (row) => segment(row.function, 'strong'),
      sort: (row) => row.function,
    },
    {
      id: 'route',
      header: 'ROUTE',
      about: 'the route of the request that ran it',
      width: 10,
      max: 32,
      cell: (row) => row.route ?? '-',
      sort: (row) => row.route ?? '',
    },
    {
      id: 'share',
      header: 'SHARE',
      about: "share of the loop's busy time",
      width: 5,
      align: 'right',
      cell: (row) => graded(percent(row.share), row.share, 0.25, 0.5),
      sort: (row) => row.share,
    },
    {
      id: 'error',
      header: '+-',
      about: 'one standard error of the share, in points',
      width: 5,
      align: 'right',
      cell: (row) => sharePoints(row.error),
      sort: (row) => row.error,
    },
    {
      id: 'rate',
      header: 'MS/S',
      about: 'ms of each second',
      width: 5,
      align: 'right',
      cell: (row, context) => {
        const value = msPerSecond(row, context)
        return value === undefined ? '-' : value < 9.95 ? value.toFixed(1) : String(Math.round(value))
      },
      sort: (row, context) => msPerSecond(row, context) ?? 0,
    },
    {
      id: 'samples',
      header: 'SAMPLES',
      about: 'how many samples say so',
      width: 7,
      align: 'right',
      drop: 2,
      cell: (row) => String(row.samples),
      sort: (row) => row.samples,
    },
    instanceColumn(),
  ],
}

const list = listView<HotRow>({
  name: 'hot',
  title: 'hot',
  about: 'who holds the loop, by line and route, from random samples of its busy time',
  table: hotTable,
  counted: (n) => `${n === 1 ? 'line' : 'lines'}, most time first`,
})

/** Enter opens the flame graph of the same samples at the row. */
export const hotView: View = {
  ...list,
  opens: true,
  draw: (state, size, context) =>
    state.flame === null ? list.draw(state, size, context) : drawFlame(state.flame, size, context),
}
