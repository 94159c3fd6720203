/** The shape of every view, and the list view that most of them are. */
import type { State, ViewName } from '../state/state.ts'
import { selectedIndex } from '../state/reduce.ts'
import { shortCount } from '../text/units.ts'
import { cutTo } from '../text/width.ts'
import type { ViewContext } from './context.ts'
import { line, segment, spread, type Line, type Segment, type Size } from './line.ts'
import { panel } from './panel.ts'
import { arrange, drawTable, sortableColumns, type TableSpec } from './table.ts'

export interface View {
  name: ViewName
  /** What the footer calls it; its key is in the table of keys. */
  title: string
  /** One line for the help and for the command of the same name. */
  about: string
  /** Keys of the rows in the order on screen. */
  keys: (state: State, context: ViewContext) => string[]
  sortable: (context: ViewContext) => string[]
  /** Enter opens a row. */
  opens: boolean
  /** Exactly the lines between header and footer; fewer are filled. */
  draw: (state: State, size: Size, context: ViewContext) => Line[]
  /** What the row with this key wants read from disk: source files for the detail. */
  files?: (key: string, context: ViewContext) => string[]
}

export interface ListSpec<Row> {
  name: ViewName
  title: string
  about: string
  table: TableSpec<Row>
  /** What is counted, and in which order: `culprits, worst first`. */
  counted: (rows: number) => string
  detail?: (row: Row, context: ViewContext, state: State, width: number) => Line[]
  /** Shown under the list for the selected row. */
  below?: (row: Row | undefined, context: ViewContext, width: number) => { title: string; lines: Line[] } | null
  files?: (row: Row) => string[]
}

export function listView<Row>(spec: ListSpec<Row>): View {
  const { table } = spec
  const rowsOf = (state: State, context: ViewContext) => arrange(table, context, state.places[spec.name])

  const drawList = (state: State, size: Size, context: ViewContext): Line[] => {
    const place = state.places[spec.name]
    const rows = rowsOf(state, context)
    const selected = selectedIndex(place, rows.map(table.key), state.follow)
    const width = size.columns - 2
    const title = titleLine(spec, state, rows.length, size.columns, context)
    if (rows.length === 0) {
      const why =
        place.filter === '' ? table.empty(context) : `nothing here matches "${place.filter}"   (Esc: show all)`
      return [title, line(), ...wrapText(why, width - 2).map((text) => line('   ', segment(text, 'dim')))]
    }
    const below = spec.below?.(rows[selected], context, size.columns - 4)
    const belowRows = below ? Math.min(Math.max(4, Math.floor(size.rows * 0.4)), below.lines.length + 2) : 0
    const height = size.rows - 1 - belowRows
    const drawn = drawTable(table, rows, context, place, { width, height, selected })
    const lines = [title, ...drawn.map(indent)]
    while (lines.length < size.rows - belowRows) lines.push(line())
    return below
      ? [
          ...lines,
          ...panel(below.title, below.lines, { columns: size.columns, rows: belowRows }, context.glyphs, 'more'),
        ]
      : lines
  }

  const drawDetail = (row: Row, state: State, size: Size, context: ViewContext): Line[] => {
    const all = spec.detail!(row, context, state, size.columns - 4)
    const room = size.rows - 2
    const scroll = Math.min(state.places[spec.name].scroll, Math.max(0, all.length - room))
    const rest = all.length - room - scroll
    const position =
      rest > 0 || scroll > 0 ? `   (${context.glyphs.descending} scrolls, ${Math.max(0, rest)} lines below)` : ''
    return panel(`${spec.title}${position}`, all.slice(scroll), size, context.glyphs, 'lines')
  }

  return {
    name: spec.name,
    title: spec.title,
    about: spec.about,
    opens: spec.detail !== undefined,
    keys: (state, context) => rowsOf(state, context).map(table.key),
    sortable: (context) => sortableColumns(table, context),
    draw: (state, size, context) => {
      const { open } = state.places[spec.name]
      if (open === null || !spec.detail) return drawList(state, size, context)
      const row = table.rows(context).find((one) => table.key(one) === open)
      if (row !== undefined) return drawDetail(row, state, size, context)
      return panel(spec.title, [line(), line('  this row is gone   (Esc: back to the list)')], size, context.glyphs)
    },
    ...(spec.files === undefined
      ? {}
      : {
          files: (key, context) => {
            const row = table.rows(context).find((one) => table.key(one) === key)
            return row === undefined ? [] : spec.files!(row)
          },
        }),
  }
}

function titleLine<Row>(spec: ListSpec<Row>, state: State, rows: number, width: number, context: ViewContext): Line {
  const place = state.places[spec.name]
  const left: Segment[] = [
    segment(` ${spec.title}`, 'strong'),
    segment(`  ${shortCount(rows)} ${spec.counted(rows)}`, 'dim'),
  ]
  const right: Segment[] = []
  if (state.typing) right.push(segment(' filter: ', 'accent'), segment(`${place.filter}_ `, 'strong'))
  else if (place.filter !== '') right.push(segment(` filter: ${place.filter} `, 'accent'))
  if (place.sort !== undefined) {
    const header = spec.table.columns.find((column) => column.id === place.sort)?.header ?? place.sort
    right.push(segment(` by ${header.toLowerCase()}${place.reversed ? ', reversed' : ''} `, 'accent'))
  }
  return spread(left, right, width, context.glyphs)
}

export function indent(one: Line): Line {
  return { ...one, segments: [segment(' '), ...one.segments] }
}

/** Breaks at spaces; a word longer than the width is cut. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current)
      current = ''
    }
    current = cutTo(current === '' ? word : `${current} ${word}`, width)
  }
  return [...lines, current]
}
