/** The whole screen: header, the chosen view, footer. Exactly `size` lines, each exactly as wide. */
import { KEYS, type KeyRow, type KeyScene } from '../keys.ts'
import { selectedIndex } from '../state/reduce.ts'
import { connection, type Connection, type State } from '../state/state.ts'
import type { Glyphs } from '../text/glyphs.ts'
import { verdict } from '../state/verdict.ts'
import { clockTime, shortDuration } from '../text/units.ts'
import { widthOf } from '../text/width.ts'
import { contextOf, type ViewContext } from './context.ts'
import { shownKey } from './help.ts'
import { VIEWS } from './index.ts'
import { fitSegments, line, segment, spread, textOf, type Line, type Segment, type Size } from './line.ts'

export const SMALLEST: Size = { columns: 80, rows: 24 }

export interface Look {
  glyphs: Glyphs
  cwd: string
}

export function screenful(state: State, size: Size, look: Look): Line[] {
  if (size.columns < SMALLEST.columns || size.rows < SMALLEST.rows) return tooSmall(size, look.glyphs)
  const context = contextOf(state, look.glyphs, look.cwd)
  const link = connection(state)
  const body = bodyLines(state, { columns: size.columns, rows: size.rows - 2 }, context, link)
  const lines = [header(state, link, context, size.columns), ...body, footer(state, context, size)]
  return lines.map((one) => ({ ...one, segments: fitSegments(one.segments, size.columns, look.glyphs) }))
}

/** What a key press is judged by. */
export function sceneOf(state: State, size: Size, look: Look): KeyScene {
  const context = contextOf(state, look.glyphs, look.cwd)
  const view = VIEWS[state.view]
  const rows = view.keys(state, context)
  const selected = rows[selectedIndex(state.places[state.view], rows, state.follow)]
  return {
    state,
    rows,
    sortable: view.sortable(context),
    opens: view.opens,
    page: Math.max(1, size.rows - 5),
    selected,
  }
}

function bodyLines(state: State, size: Size, context: ViewContext, link: Connection): Line[] {
  const nothing = context.tables.instances.length === 0 && context.tables.loop.length === 0
  if (nothing && state.view !== 'help') return waiting(link, context, size)
  const stale = link.kind === 'lost' && state.frozen === null
  const bar = stale ? [staleLine(link, context, size.columns)] : []
  const drawn = VIEWS[state.view].draw(state, { columns: size.columns, rows: size.rows - bar.length }, context)
  // Old figures must not look like new ones.
  const lines = [...bar, ...(stale ? drawn.map(faded) : drawn)].slice(0, size.rows)
  while (lines.length < size.rows) lines.push(line())
  return lines
}

function faded(one: Line): Line {
  return { ...one, segments: one.segments.map((piece) => segment(piece.text, 'dim')) }
}

function staleLine(link: Connection, context: ViewContext, width: number): Line {
  const text = ` ${context.glyphs.ring} these figures are ${shortDuration(link.age)} old; ${link.reason ?? 'no message came'}`
  return { segments: fitSegments([segment(text, 'look')], width, context.glyphs) }
}

function waiting(link: Connection, context: ViewContext, size: Size): Line[] {
  const { glyphs } = context
  const why =
    link.kind === 'none'
      ? ['no program to watch is left', 'a new one shows up here by itself: node --import @loopscope/agent server.js']
      : ['waiting for the first figures', link.reason ?? 'the program is starting']
  const lines = [
    ...Array<Line>(Math.floor(size.rows / 2) - 2).fill(line()),
    line(`   ${glyphs.ring} `, segment(why[0]!, 'strong')),
    line('     ', segment(why[1]!, 'dim')),
  ]
  while (lines.length < size.rows) lines.push(line())
  return lines
}

function header(state: State, link: Connection, context: ViewContext, width: number): Line {
  const { tables } = context
  const services = [...new Set(tables.instances.map((row) => row.service))]
  const threads = tables.instances.length > 1 ? ` x${tables.instances.length}` : ''
  const name =
    services.length === 0
      ? ''
      : services.length === 1
        ? `${services[0]!}${threads}`
        : `${services.length} services${threads}`
  const left: Segment[] = [
    segment(' loopscope ', 'accent'),
    segment(` ${name}  `, 'strong'),
    ...linkSegments(state, link, context),
  ]
  const right = warnings(state, context)
  const versions = [...new Set(tables.instances.map((row) => row.node.replace(/^v/, '')))]
  const started = tables.instances.map((row) => row.startedAt)
  const extras: string[] = []
  if (started.length > 0) extras.push(`  up ${shortDuration(Math.max(0, context.now - Math.min(...started)))}`)
  if (versions.length > 0) extras.push(`  node ${versions.length === 1 ? versions[0]! : `${versions.length} versions`}`)
  // Whole or not at all.
  for (const extra of extras) {
    if (widthOf(textOf(left) + extra + textOf(right)) <= width) left.push(segment(extra, 'dim'))
  }
  return spread(left, right, width, context.glyphs)
}

function linkSegments(state: State, link: Connection, context: ViewContext): Segment[] {
  const { glyphs } = context
  if (state.frozen) return [segment(`${glyphs.paused} frozen at ${clockTime(state.frozen.now)}`, 'look')]
  const time = context.now > 0 ? ` ${clockTime(context.now)}` : ''
  switch (link.kind) {
    case 'live':
      return [segment(`${glyphs.dot} live`, 'good'), segment(time)]
    case 'partly':
      return [segment(`${glyphs.dot} ${link.live} of ${link.total} live`, 'look'), segment(time)]
    case 'lost':
      return [segment(`${glyphs.ring} reconnecting`, 'look'), segment(`, last at${time}`)]
    case 'waiting':
      return [segment(`${glyphs.ring} connecting`, 'look')]
    case 'none':
      return [segment(`${glyphs.ring} nothing to watch`, 'look')]
  }
}

/** What is lost or narrowed: always said, at the right end. */
function warnings(state: State, context: ViewContext): Segment[] {
  const parts: Segment[] = []
  const answer = verdict(context.tables)
  // The overview has a whole line for it.
  if (answer.level === 'blocked' && state.view !== 'overview')
    parts.push(segment(` BLOCKED ${shortDuration(answer.duration)} `, 'loud'))
  const dropped = context.tables.instances.reduce((sum, row) => sum + row.cost.dropped, 0)
  const skipped = Object.values(state.sources).reduce((sum, source) => sum + source.skipped, 0)
  if (dropped > 0) parts.push(segment(` ${context.glyphs.look} ${dropped} events lost `, 'act'))
  if (skipped > 0) parts.push(segment(` ${skipped} messages skipped `, 'look'))
  if (state.instance !== null)
    parts.push(segment(` only ${context.instanceName(state.instance)} (Esc: all) `, 'accent'))
  if (state.mouse) parts.push(segment(' mouse ', 'accent'))
  return parts
}

function footer(state: State, context: ViewContext, size: Size): Line {
  if (state.typing) {
    const place = state.places[state.view]
    return line(
      segment(' filter: ', 'accent'),
      segment(`${place.filter}_`, 'strong'),
      segment('   Enter: keep   Esc: all rows', 'dim'),
    )
  }
  const scene = sceneOf(state, size, { glyphs: context.glyphs, cwd: context.cwd })
  const offered = KEYS.filter((row) => row.label !== undefined && (row.when?.(scene) ?? true))
  const without = (...labels: string[]) => offered.filter((row) => !labels.includes(row.label!))
  const labelOf = (row: KeyRow) => row.labelIn?.(scene) ?? row.label!
  const letters = (row: KeyRow) => row.group === 'views' && row.label !== state.view && row.label !== 'help'
  const variants = [
    offered.flatMap((row) => keySegments(row, labelOf(row), state, context, '  ')),
    offered.flatMap((row) => keySegments(row, labelOf(row), state, context, ' ')),
    without('freeze').flatMap((row) => keySegments(row, labelOf(row), state, context, ' ')),
    // Too narrow for all words: the other views are their letters, so that what can be done here keeps its name.
    offered.flatMap((row) => keySegments(row, labelOf(row), state, context, ' ', letters(row))),
    without('freeze').flatMap((row) => keySegments(row, labelOf(row), state, context, ' ', letters(row))),
    without('freeze', 'sort').flatMap((row) => keySegments(row, labelOf(row), state, context, ' ', letters(row))),
    without('freeze', 'sort')
      .filter((row) => !letters(row))
      .flatMap((row) => keySegments(row, labelOf(row), state, context, ' ')),
  ]
  const fitting = variants.find((segments) => widthOf(textOf(segments).trimEnd()) < size.columns)
  const chosen = fitting ?? variants.at(-1)!
  return {
    segments: [segment(' '), ...chosen.slice(0, -1), { ...chosen.at(-1)!, text: chosen.at(-1)!.text.trimEnd() }],
  }
}

function keySegments(
  row: KeyRow,
  label: string,
  state: State,
  context: ViewContext,
  gap: string,
  letterOnly = false,
): Segment[] {
  const key = segment(shownKey(row, context), 'accent')
  if (letterOnly) return [key, segment(gap)]
  return [key, segment(` ${label}${gap}`, row.label === state.view ? 'strong' : 'dim')]
}

function tooSmall(size: Size, glyphs: Glyphs): Line[] {
  const text = [
    'loopscope needs a little more room',
    `at least ${SMALLEST.columns}x${SMALLEST.rows}; this terminal has ${size.columns}x${size.rows}`,
    'q quits',
  ]
  const top = Math.max(0, Math.floor((size.rows - text.length) / 2))
  const lines = [...Array<Line>(top).fill(line()), ...text.map((one) => line(one))]
  return lines.slice(0, size.rows).map((one) => ({ segments: fitSegments(one.segments, size.columns, glyphs) }))
}
