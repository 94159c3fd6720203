/** The flame graph: one line for each depth, the outermost frames at the top, each as wide as its share of the time. */
import { along, NO_ROUTE, packageOf, type FlameKind, type FlameNode } from '../state/flame-graph.ts'
import { graphOf, type FlameState } from '../state/flame.ts'
import { percent, shortCount, shortDuration } from '../text/units.ts'
import { cutTo, fit, widthOf } from '../text/width.ts'
import { at } from './cells.ts'
import type { ViewContext } from './context.ts'
import { fitSegments, line, segment, spread, type Line, type Segment, type Size, type Tone } from './line.ts'
import { wrapText } from './view.ts'

const DETAIL_LINES = 4
/** Too narrow for a name. */
const NARROW = 3

export function drawFlame(flame: FlameState, size: Size, context: ViewContext): Line[] {
  const root = graphOf(flame)
  const lines = [titleLine(flame, root, size.columns, context)]
  const room = size.rows - 1 - DETAIL_LINES
  if (root.samples === 0) {
    const why = wrapText(whyEmpty(flame), size.columns - 5)
    return [...lines, line(), ...why.map((text) => line('   ', segment(text, 'dim')))]
  }
  const levels = layout(root, flame, size.columns - 2)
  const cursorLevel = flame.cursor.length - 1
  const first = Math.max(0, Math.min(cursorLevel - Math.floor(room / 2), levels.length - room))
  const drawn = levels.slice(first, first + room).map((cells) => levelLine(cells, size.columns - 2, context))
  lines.push(...drawn.map((one) => ({ segments: [segment(' '), ...one.segments] })))
  while (lines.length < size.rows - DETAIL_LINES) lines.push(line())
  return [...lines, ...detail(flame, root, first + room < levels.length, size.columns, context)]
}

function titleLine(flame: FlameState, root: FlameNode, width: number, context: ViewContext): Line {
  const route = flame.route === undefined ? 'all routes' : (flame.route ?? NO_ROUTE)
  const way = flame.inverted ? '   inverted: what ran, and who called it' : ''
  const frames = flame.everything ? '   all frames' : ''
  const sums = root.samples === 0 ? '' : `   ${shortCount(root.samples)} samples of ${shortDuration(root.time)} busy`
  const left: Segment[] = [
    segment(' flame graph', 'strong'),
    segment('  last ', 'dim'),
    segment(shortDuration(flame.last * 1000).replace('m00s', 'm'), 'accent'),
    segment('  '),
    segment(route, 'accent'),
    segment(`${sums}${way}${frames}`, 'dim'),
  ]
  const right: Segment[] = []
  if (flame.problem !== undefined && root.samples > 0) right.push(segment(` old: ${flame.problem} `, 'look'))
  if (flame.elsewhere.length > 0) {
    right.push(segment(` without pid ${flame.elsewhere.map((one) => one.pid).join(', ')} `, 'look'))
  }
  return spread(left, right, width, context.glyphs)
}

function whyEmpty({ problem, stacks, last, route, elsewhere }: FlameState): string {
  if (problem !== undefined) return problem
  if (stacks === undefined) return 'the stacks are on their way'
  if (route !== undefined && stacks.length > 0)
    return `no sample of ${route ?? NO_ROUTE} in this time   (R: all routes)`
  const [other] = elsewhere
  if (other) return `the samples are in another process: loopscope top ${other.pid}`
  return `no sample was taken in the last ${shortDuration(last * 1000)}: the sampler looks only while the loop is busy`
}

interface Cell {
  node: FlameNode
  column: number
  width: number
  tone: Tone
}

const TONES: Record<FlameKind, Tone> = { route: 'route', own: 'own', library: 'library', platform: 'platform' }

/** The frames on the way to the zoomed one take the whole width; what is narrower than a column is left out. */
function layout(root: FlameNode, { zoom, cursor }: FlameState, width: number): Cell[][] {
  const levels: Cell[][] = []
  const place = (node: FlameNode, path: string[], column: number, room: number): void => {
    const depth = path.length
    if (depth > 0) {
      const isChosen = depth === cursor.length && path.every((key, i) => key === cursor[i])
      ;(levels[depth - 1] ??= []).push({ node, column, width: room, tone: isChosen ? 'chosen' : TONES[node.kind] })
    }
    const zoomed = zoom[depth]
    if (zoomed !== undefined) {
      const child = node.children.find((one) => one.key === zoomed)
      if (child) return place(child, [...path, child.key], column, room)
    }
    let before = 0
    for (const child of node.children) {
      const next = [...path, child.key]
      const isOnCursor = next.length <= cursor.length && next.every((key, i) => key === cursor[i])
      let from = Math.round((before / node.time) * room)
      before += child.time
      let to = Math.round((before / node.time) * room)
      if (isOnCursor && to === from) {
        // Too narrow to be seen, but chosen: it takes one column, of its neighbour if it must.
        from = Math.min(from, room - 1)
        to = from + 1
      }
      if (to > from) place(child, next, column + from, to - from)
    }
  }
  place(root, [], 0, width)
  return levels
}

function levelLine(cells: Cell[], width: number, context: ViewContext): Line {
  const segments: Segment[] = []
  const chosen = cells.find((cell) => cell.tone === 'chosen')
  let column = 0
  let wasNarrow = false
  for (const cell of cells) {
    // The chosen frame may be a column wider than it is: its neighbours give way.
    const isBefore = chosen !== undefined && cell !== chosen && cell.column <= chosen.column
    const from = Math.max(column, cell.column)
    const to = Math.min(cell.column + cell.width, isBefore ? chosen.column : width)
    if (to <= from) continue
    if (from > column) segments.push(segment(' '.repeat(from - column)))
    // Edges of many narrow frames in a row would be a fence: one is enough.
    const isNarrow = to - from < NARROW
    const hasEdge = !(isNarrow && wasNarrow && from === column)
    segments.push(segment(hasEdge ? label(cell.node, to - from, context) : ' '.repeat(to - from), cell.tone))
    wasNarrow = isNarrow
    column = to
  }
  return { segments: fitSegments(segments, width, context.glyphs) }
}

/** Begins with an edge, so that frames are told apart without colour too. */
function label(node: FlameNode, width: number, context: ViewContext): string {
  const { glyphs } = context
  if (width < NARROW) return fit(glyphs.edge, width, 'left', 'start', '')
  const name = node.kind === 'library' ? `${node.name} (${packageOf(node.file) ?? ''})` : node.name
  const place = node.kind === 'own' ? ` ${fileAndLine(node)}` : ''
  const room = width - 1
  const text = widthOf(name + place) <= room ? name + place : name
  return glyphs.edge + fit(cutTo(text, room, 'start', glyphs.ellipsis), room)
}

function fileAndLine({ file, line }: FlameNode): string {
  return `${file.split(/[\\/]/).at(-1)}:${line}`
}

function detail(flame: FlameState, root: FlameNode, hasMore: boolean, width: number, context: ViewContext): Line[] {
  const { glyphs } = context
  const path = along(root, flame.cursor).slice(1)
  const node = path.at(-1)
  const rule = (note: string) =>
    line(segment(` ${glyphs.box.across.repeat(Math.max(0, width - 2 - widthOf(note)))}${note}`, 'dim'))
  if (!node) return [rule(''), line(), line(), line()]
  const share = node.time / root.time
  const effective =
    (flame.stacks ?? []).reduce((sum, row) => sum + row.effective, 0) * (root.samples / allSamples(flame))
  const error = standardError(share, effective)
  const seconds = Math.max(0.001, ...(flame.stacks ?? []).map((row) => (row.until - row.since) / 1000))
  const where = node.file === '' ? [] : [segment('  '), segment(placeOf(node, context), 'accent')]
  const figures = [
    `${percent(share)} ${glyphs.plusMinus}${(error * 100).toFixed(1)}`,
    `${shortDuration(node.time)} in all, ${shortDuration(node.time / seconds)} of each second`,
    `itself ${shortDuration(node.self)}`,
    `${shortCount(node.samples)} ${node.samples === 1 ? 'sample' : 'samples'}`,
  ]
  const way = path.slice(0, -1).map((one) => one.name)
  return [
    rule(hasMore ? ` more below ${glyphs.box.across}` : ''),
    line('  ', segment(node.name, 'strong'), where),
    line('  ', figures.join('   ')),
    line('  ', segment(cutTo(way.join(' > '), width - 4, 'end', glyphs.ellipsis), 'dim')),
  ]
}

/** As the tables have it: one sample for it and one against it more than there are. */
function standardError(share: number, effective: number): number {
  const likely = (share * effective + 1) / (effective + 2)
  return Math.sqrt((likely * (1 - likely)) / (effective + 2))
}

function allSamples({ stacks }: FlameState): number {
  return Math.max(
    1,
    (stacks ?? []).reduce((sum, row) => sum + row.samples, 0),
  )
}

function placeOf(node: FlameNode, context: ViewContext): string {
  const where = at({ file: node.file, line: node.line === 0 ? null : node.line, column: null }, context)
  return node.kind === 'library' ? `${packageOf(node.file)}  ${where}` : where
}
