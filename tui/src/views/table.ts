/**
 * The one table. A view gives columns as data; this sorts, filters, finds the widths and draws, for the screen (a given
 * width, a window around the selected row) and for plain text (as wide as the content is).
 */
import { cutTo, fit, widthOf, type Align, type Keep } from '../text/width.ts'
import type { ViewContext } from './context.ts'
import { segment, segmentsOf, textOf, type Line, type Part, type Segment } from './line.ts'

export interface Column<Row> {
  /** Names it for sorting, and in the tests. */
  id: string
  header: string
  /** One line for the help. */
  about: string
  /** At least this wide. */
  width: number
  /** Grows to what its content needs, at most to this. */
  max?: number
  /** Grows only when the others have what they need. */
  late?: true
  /** Where the cell does not fit, its first piece alone: half a bar would be a lie. */
  whole?: true
  align?: Align
  keep?: Keep
  /** Leaves the table first when there is no room: 1 before 2; never without. */
  drop?: number
  /** Not shown where this says no. */
  when?: (context: ViewContext) => boolean
  cell: (row: Row, context: ViewContext) => Part
  /** Makes the column one to sort by: numbers large first, text from A on. */
  sort?: (row: Row, context: ViewContext) => number | string
}

export interface TableSpec<Row> {
  columns: readonly Column<Row>[]
  rows: (context: ViewContext) => Row[]
  key: (row: Row) => string
  /** Said where there is no row; what would make one. */
  empty: (context: ViewContext) => string
}

export interface Order {
  filter: string
  sort?: string
  reversed: boolean
}

export const UNORDERED: Order = { filter: '', reversed: false }

/** The rows as they are shown: those whose text holds the filter, in the chosen order. */
export function arrange<Row>(spec: TableSpec<Row>, context: ViewContext, order: Order): Row[] {
  const columns = visibleColumns(spec, context)
  const needle = order.filter.toLowerCase()
  let rows = spec.rows(context)
  if (needle !== '') {
    rows = rows.filter((row) =>
      columns.some((column) => textOf(column.cell(row, context)).toLowerCase().includes(needle)),
    )
  }
  const by = columns.find((column) => column.id === order.sort)?.sort
  if (by) {
    const keyed = rows.map((row, i) => ({ row, value: by(row, context), i }))
    keyed.sort((a, b) => compare(a.value, b.value) || a.i - b.i)
    rows = keyed.map(({ row }) => row)
  }
  return order.reversed ? [...rows].reverse() : rows
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}

export function visibleColumns<Row>(spec: TableSpec<Row>, context: ViewContext): Column<Row>[] {
  return spec.columns.filter((column) => column.when?.(context) ?? true)
}

export function sortableColumns<Row>(spec: TableSpec<Row>, context: ViewContext): string[] {
  return visibleColumns(spec, context)
    .filter((column) => column.sort)
    .map((column) => column.id)
}

export interface Window {
  width: number
  /** Lines, the header included. */
  height: number
  /** Place of the selected row; absent: nothing is selected. */
  selected?: number
}

const GAP = 2

export function drawTable<Row>(
  spec: TableSpec<Row>,
  rows: Row[],
  context: ViewContext,
  order: Order,
  window: Window,
): Line[] {
  const { glyphs } = context
  const height = Math.max(1, window.height - 1)
  const first = firstRow(window.selected ?? 0, rows.length, height)
  const visible = rows.slice(first, first + height)
  const all = visibleColumns(spec, context)
  const cells = visible.map((row) => new Map(all.map((column) => [column.id, segmentsOf(column.cell(row, context))])))
  const content = new Map(all.map((column) => [column.id, contentWidth(column, cells, order)]))
  const { columns, widths } = layout(all, content, window.width)

  const header: Line = { segments: [] }
  columns.forEach((column, i) => {
    const name = column.header.replace('+-', glyphs.plusMinus)
    const mark = order.sort === column.id ? (order.reversed ? glyphs.ascending : glyphs.descending) : ''
    const text = fit(name + mark, widths[i]!, column.align ?? 'left', 'start', glyphs.ellipsis)
    header.segments.push(segment(text, order.sort === column.id ? 'accent' : 'dim'))
    if (i < columns.length - 1) header.segments.push(segment(' '.repeat(GAP)))
  })

  const lines = visible.map((row, n): Line => {
    const segments: Segment[] = []
    columns.forEach((column, i) => {
      segments.push(...fitCell(cells[n]!.get(column.id)!, widths[i]!, column, glyphs.ellipsis))
      if (i < columns.length - 1) segments.push(segment(' '.repeat(GAP)))
    })
    const selected = window.selected === first + n
    return { segments, row: spec.key(row), ...(selected ? { selected } : {}) }
  })
  return [header, ...lines]
}

/** The window moves only as far as the selected row needs, in pages, so that the list does not run under the eye. */
function firstRow(selected: number, total: number, height: number): number {
  const page = Math.floor(selected / height) * height
  return Math.max(0, Math.min(page, total - height))
}

function contentWidth<Row>(column: Column<Row>, cells: Map<string, Segment[]>[], order: Order): number {
  const widest = cells.reduce((most, row) => Math.max(most, widthOf(textOf(row.get(column.id)!))), 0)
  return Math.max(widthOf(column.header) + (order.sort === column.id ? 1 : 0), widest)
}

/** Drops columns until the rest fits at its least width, then hands out what is left where content needs it. */
function layout<Row>(
  all: Column<Row>[],
  content: Map<string, number>,
  width: number,
): { columns: Column<Row>[]; widths: number[] } {
  // A column of text whose content is short leaves its room to the others; one of figures stays as wide as it is.
  const least = (column: Column<Row>) =>
    Math.max(
      column.max === undefined ? column.width : Math.min(column.width, content.get(column.id)!),
      widthOf(column.header),
    )
  const total = (columns: Column<Row>[]) => columns.reduce((sum, column) => sum + least(column) + GAP, -GAP)
  let columns = all
  while (total(columns) > width) {
    const droppable = columns.filter((column) => column.drop !== undefined)
    if (droppable.length === 0) break
    const victim = droppable.reduce((first, column) => (column.drop! < first.drop! ? column : first))
    columns = columns.filter((column) => column !== victim)
  }
  const widths = columns.map(least)
  let left = width - total(columns)
  // A column that is cut gets room before one that is not; equal shares, again and again, until nobody needs more.
  const most = (column: Column<Row>, now: number) => (Number.isFinite(width) ? (column.max ?? now) : Infinity)
  const wants = (late: boolean) =>
    columns.map((column, i) =>
      late === (column.late === true) ? Math.min(most(column, widths[i]!), content.get(column.id)!) - widths[i]! : 0,
    )
  for (const late of [false, true]) {
    for (let needs = wants(late); left > 0 && needs.some((need) => need > 0); needs = wants(late)) {
      const share = Math.max(1, Math.floor(left / needs.filter((need) => need > 0).length))
      needs.forEach((need, i) => {
        const given = Math.min(left, Math.max(0, need), share)
        widths[i]! += given
        left -= given
      })
    }
  }
  return { columns, widths }
}

function fitCell<Row>(cell: Segment[], width: number, column: Column<Row>, ellipsis: string): Segment[] {
  const total = widthOf(textOf(cell))
  if (cell.length === 1 || total > width) {
    const only = cell.length === 1 ? cell[0]! : null
    if (only) return [{ ...only, text: fit(only.text, width, column.align, column.keep, ellipsis) }]
    return column.whole ? firstPiece(cell, width, ellipsis) : cutCell(cell, width, ellipsis)
  }
  const space = segment(' '.repeat(width - total))
  return column.align === 'right' ? [space, ...cell] : [...cell, space]
}

function firstPiece([first]: Segment[], width: number, ellipsis: string): Segment[] {
  return [{ ...first!, text: fit(first!.text, width, 'left', 'start', ellipsis) }]
}

function cutCell(cell: Segment[], width: number, ellipsis: string): Segment[] {
  const cut: Segment[] = []
  let left = width
  for (const piece of cell) {
    if (left <= 0) break
    const text = widthOf(piece.text) <= left ? piece.text : cutTo(piece.text, left, 'start', ellipsis)
    cut.push({ ...piece, text })
    left -= widthOf(text)
  }
  return left > 0 ? [...cut, segment(' '.repeat(left))] : cut
}
