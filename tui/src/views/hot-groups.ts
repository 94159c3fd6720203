/** Samples of a window, added up: the columns of hot that such a group has, and its time. */
import type { HotRow } from '@loopscope/collector/protocol'
import { duration, shortDuration } from '../text/units.ts'
import { hotTable } from './hot.ts'
import type { Column, TableSpec } from './table.ts'

export const GROUPINGS = ['line', 'function', 'route'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** A field that a group has many of is left out. */
export type HotGroup = Pick<HotRow, 'instance' | 'samples' | 'share' | 'error' | 'time'> & Partial<HotRow>

const NAMES: Record<Grouping, readonly string[]> = {
  line: ['line', 'function'],
  function: ['function', 'file'],
  route: ['route'],
}

const FILE: Column<HotRow> = {
  id: 'file',
  header: 'FILE',
  about: 'the file of the function',
  width: 18,
  max: 60,
  keep: 'end',
  cell: (row, context) =>
    hotTable.columns.find(({ id }) => id === 'line')!.cell({ ...row, line: null as never }, context),
}

const TIME: Column<HotRow> = {
  id: 'time',
  header: 'TIME',
  about: 'how long it held the loop in this time',
  width: 6,
  align: 'right',
  cell: (row) => duration(row.time),
}

export function hotGroupTable(groups: HotGroup[], by: Grouping | undefined, seconds: number): TableSpec<HotRow> {
  const named = (id: string) => hotTable.columns.find((column) => column.id === id) ?? FILE
  const names = by === undefined ? ['line', 'function', 'route'] : NAMES[by]
  return {
    key: (row) => JSON.stringify([row.instance, row.route, row.function, row.file, row.line]),
    // The columns ask for no field that the groups do not have.
    rows: () => groups as HotRow[],
    empty: () =>
      `No sample was taken in the last ${shortDuration(seconds * 1000)}: the sampler looks only while the loop is busy.`,
    columns: [...names.map(named), named('share'), named('error'), TIME, named('samples'), named('instance')],
  }
}
