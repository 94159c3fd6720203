/** Keys, marks and columns: made from the tables that the rest is made from. */
import { KEYS, type KeyRow } from '../keys.ts'
import type { ViewContext } from './context.ts'
import { blocksTable } from './blocks.ts'
import { hotTable } from './hot.ts'
import { instancesTable } from './instances.ts'
import { line, segment, type AreaTone, type Line } from './line.ts'
import { panel } from './panel.ts'
import { poolsTable } from './pools.ts'
import { routesTable } from './routes.ts'
import { streamsTable } from './streams.ts'
import { backgroundTable, tasksTable } from './tasks.ts'
import type { View } from './view.ts'
import { websocketsTable } from './websockets.ts'

interface Explained {
  header: string
  about: string
}

const TABLES: [string, readonly Explained[]][] = [
  ['blocks', blocksTable.columns],
  ['routes', routesTable.columns],
  ['tasks', tasksTable.columns],
  ['background', backgroundTable.columns],
  ['pools', poolsTable.columns],
  ['websockets', websocketsTable.columns],
  ['streams', streamsTable.columns],
  ['hot', hotTable.columns],
  ['instances', instancesTable.columns],
]

export function helpLines(context: ViewContext): Line[] {
  const { glyphs } = context
  const mark = (sign: string, tone: 'good' | 'look' | 'act' | 'dim', about: string) =>
    line('  ', segment(sign.padEnd(8), tone), about)
  const area = (tone: AreaTone, about: string) =>
    line('  ', segment(`${glyphs.edge}${tone.padEnd(9)}`, tone), ` ${about}`)
  return [
    ...keyLines(
      'views',
      KEYS.filter((row) => row.group === 'views'),
      context,
    ),
    ...keyLines(
      'in a list or a detail',
      KEYS.filter((row) => row.group === 'list'),
      context,
    ),
    ...keyLines(
      'in the flame graph (and arrows, Enter: zoom, Esc: back)',
      KEYS.filter((row) => row.group === 'flame'),
      context,
    ),
    ...keyLines(
      'screen',
      KEYS.filter((row) => row.group === 'screen'),
      context,
    ),
    ...heading('marks'),
    mark(glyphs.ok, 'good', 'fine'),
    mark(glyphs.look, 'look', 'look: something waits or was late'),
    mark(glyphs.act, 'act', 'act: others are held up'),
    mark(glyphs.dot, 'act', 'blocked at this moment (green and in the header: live)'),
    mark(glyphs.ring, 'dim', 'not connected, or exited'),
    ...heading('areas of the flame graph'),
    area('route', 'a route: all that its requests ran'),
    area('own', "the program's own code, by line"),
    area('library', 'a package'),
    area('platform', 'Node and V8'),
    area('chosen', 'the chosen frame: its figures are below'),
    ...heading('durations'),
    line('  us, ms, s, m, h, d; always as wide as each other: the unit changes. - is: not known.'),
    ...TABLES.flatMap(([name, columns]) => [
      ...heading(`columns of ${name}`),
      ...columns
        .filter((column) => column.header.trim() !== '')
        .map((column) => line('  ', segment(column.header.padEnd(20), 'strong'), column.about)),
    ]),
  ]
}

function heading(text: string): Line[] {
  return [line(), line(segment(text, 'accent'))]
}

function keyLines(title: string, rows: KeyRow[], context: ViewContext): Line[] {
  const lines = rows.map((row) =>
    line(
      '  ',
      segment(shownKey(row, context).padEnd(8), 'strong'),
      (row.label ?? '').padEnd(11),
      segment(row.about, 'dim'),
    ),
  )
  return title === 'views' ? [line(segment(title, 'accent')), ...lines] : [...heading(title), ...lines]
}

/** Arrows are words where the terminal has no arrows. */
export function shownKey(row: KeyRow, context: ViewContext): string {
  return context.glyphs.name === 'utf8'
    ? row.shown
    : row.shown.replace('↑', 'Up').replace('↓', 'Down').replace('←', 'Left').replace('→', 'Right')
}

export const helpView: View = {
  name: 'help',
  title: 'help',
  about: 'keys, marks and columns',
  opens: false,
  keys: () => [],
  sortable: () => [],
  draw: (state, size, context) => {
    const all = helpLines(context)
    const scroll = Math.min(state.places.help.scroll, Math.max(0, all.length - (size.rows - 2)))
    return panel('help   (arrows scroll, ? goes back)', all.slice(scroll), size, context.glyphs, 'lines')
  },
}
