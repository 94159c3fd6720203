/** The first screen: is my loop healthy, what blocks it, who suffers, what is full. */
import type { BackgroundRow, LoopRow, PoolRow } from '@loopscope/collector/protocol'
import { culpritsOf, isTrouble, type Culprit } from '../state/culprits.ts'
import type { Sample } from '../state/state.ts'
import { bar, tallSparkline } from '../text/charts.ts'
import { DURATION_WIDTH, duration, percent, rate, shortCount, shortDuration } from '../text/units.ts'
import { cutTo, fit, widthOf } from '../text/width.ts'
import { culpritName } from './blocks.ts'
import { at, CAUSE_NAMES, graded, gradedDuration, routeText } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, spread, textOf, type Line, type Segment, type Size } from './line.ts'
import { panel, sideBySide } from './panel.ts'
import { poolMark, poolName, sorted, usage } from './pools.ts'
import { routesTable } from './routes.ts'
import { arrange, drawTable, UNORDERED } from './table.ts'
import { verdictLine } from './verdict-line.ts'
import type { View } from './view.ts'

/** A block or a delay of this many ms fills the sparkline, so that two screens can be compared. */
const DELAY_CEILING_MS = 200
const BUSY_PARTS = [
  ['js', 'js'],
  ['syncCall', 'sync'],
  ['gc', 'gc'],
  ['starved', 'starved'],
] as const

export function drawOverview(size: Size, context: ViewContext): Line[] {
  const { columns } = size
  const rows = size.rows - 1
  const top = Math.max(7, Math.min(14, Math.floor(rows * 0.34)))
  const bottom = Math.max(5, Math.min(12, Math.floor(rows * 0.26)))
  const left = Math.floor(columns / 2)
  const right = columns - left
  const { glyphs } = context
  const halves = (height: number, a: [string, Line[], string], b: [string, Line[], string]) =>
    sideBySide(
      panel(a[0], a[1], { columns: left, rows: height }, glyphs, a[2]),
      panel(b[0], b[1], { columns: right, rows: height }, glyphs, b[2]),
    )
  const routes = routeLines(columns - 4, context)
  return [
    verdictLine(context, columns),
    ...halves(
      top,
      [loopTitle(context), loopLines(left - 4, top - 2, context), 'more: i'],
      ['blocks: worst culprits', culpritLines(right - 4, context), 'lines more: b'],
    ),
    ...panel('routes', routes, { columns, rows: rows - top - bottom }, glyphs, 'more: r'),
    ...halves(
      bottom,
      ['pools', poolLines(left - 4, context), 'more: p'],
      ['background', backgroundLines(right - 4, context), 'more: t'],
    ),
  ]
}

function loopTitle(context: ViewContext): string {
  return context.tables.loop.length > 1 ? `event loops: ${context.tables.loop.length}, busiest first` : 'event loop'
}

function loopLines(width: number, height: number, context: ViewContext): Line[] {
  const loops = [...context.tables.loop].sort((a, b) => b.utilization - a.utilization)
  const only = loops[0]
  if (!only) return [line(segment('no figures yet', 'dim'))]
  return loops.length === 1 ? oneLoop(only, width, height, context) : loops.map((row) => loopLine(row, width, context))
}

/** Three lines of figures; what is left of the height goes to the two charts. */
function oneLoop(row: LoopRow, width: number, height: number, context: ViewContext): Line[] {
  const history = context.history[row.instance] ?? []
  const { delay } = row
  const high = Math.max(1, Math.floor((height - 3) / 2))
  const busy = segment(percent(row.utilization).padStart(4), row.utilization >= 0.85 ? 'act' : 'strong')
  return [
    line(
      'delay p50',
      duration(delay.p50),
      ' p99',
      gradedDuration(delay.p99, 50, 200),
      ' max',
      gradedDuration(delay.max, 100, 500),
    ),
    ...chart(history, (sample) => sample.delay, width, high, DELAY_CEILING_MS, context),
    line('busy ', busy, ...busyParts(row, width - 9)),
    ...chart(history, (sample) => sample.utilization, width, high, 1, context),
    line('turns ', rate(row.turnsPerSecond), '  longest ', gradedDuration(row.longestTurn, 50, 250)),
  ]
}

/** The largest parts that fit, whole. */
function busyParts(row: LoopRow, width: number): Segment[] {
  const parts = BUSY_PARTS.map(([key, label]) => ({ label, ms: row.busy[key] ?? 0 }))
    .filter((part) => part.ms >= 0.5)
    .sort((a, b) => b.ms - a.ms)
  const shownParts: Segment[] = []
  let left = width
  for (const { label, ms } of parts) {
    const text = `  ${label} ${percent(ms / 1000)}`
    left -= text.length
    if (left >= 0) shownParts.push(segment(text))
  }
  return shownParts
}

function loopLine(row: LoopRow, width: number, context: ViewContext): Line {
  const history = context.history[row.instance] ?? []
  const tone = row.utilization >= 0.85 ? 'act' : row.utilization >= 0.6 ? 'look' : 'good'
  const name = context.instanceName(row.instance).padEnd(8)
  const used = name.length + 6 + 1 + 4 + 5 + DURATION_WIDTH + 1
  return line(
    row.blockedNow ? segment(name, 'act') : name,
    segment(bar(row.utilization, 6, context.glyphs), tone),
    percent(row.utilization).padStart(5),
    ' p99 ',
    gradedDuration(row.delay.p99, 50, 200),
    ' ',
    ...chart(history, (sample) => sample.delay, Math.max(0, width - used), 1, DELAY_CEILING_MS, context)[0]!.segments,
  )
}

/** One cell is two seconds; a second without a sample stays empty. */
function chart(
  history: Sample[],
  of: (sample: Sample) => number,
  cells: number,
  rows: number,
  ceiling: number,
  context: ViewContext,
): Line[] {
  const values: (number | undefined)[] = Array<undefined>(cells * 2).fill(undefined)
  for (const sample of history) {
    const place = values.length - 1 - Math.round((context.now - sample.at) / 1000)
    if (place >= 0 && place < values.length) values[place] = of(sample)
  }
  return tallSparkline(values, cells, rows, ceiling, context.glyphs).map((text) => line(segment(text, 'accent')))
}

function culpritLines(width: number, context: ViewContext): Line[] {
  const culprits = culpritsOf(context.tables.blocks, context.tables.culprits).filter(isTrouble)
  if (culprits.length === 0)
    return [line(segment(context.glyphs.ok, 'good'), segment(' nothing held the loop for too long', 'dim'))]
  return culprits.flatMap((row) => culpritPair(row, width, context))
}

/** `✖ hashPassword  GET /report      311ms x12` and under it `  src/report.ts:41:18  sync-call   47 waited 9.8s`. */
function culpritPair(row: Culprit, width: number, context: ViewContext): Line[] {
  const { glyphs } = context
  const bad = row.open !== null || row.victimTime >= 1000
  const mark = segment(row.open ? glyphs.dot : bad ? glyphs.act : glyphs.look, bad ? 'act' : 'look')
  const times = row.count === 1 ? '' : ` x${shortCount(row.count)}`
  const held = [
    segment('  '),
    graded(shortDuration(row.longest.duration), row.longest.duration, 100, 250),
    segment(times),
  ]
  const waited =
    row.victims === 0
      ? []
      : [
          segment(`  ${shortCount(row.victims)} waited `),
          graded(shortDuration(row.victimTime), row.victimTime, 200, 1000),
        ]
  // Where it is matters more than the cause, and the line more than the column.
  const room = width - 2 - widthOf(textOf(waited))
  const cause = `  ${CAUSE_NAMES[row.cause]}`
  const whole = at(row, context)
  const place = widthOf(whole) <= room ? whole : at({ ...row, column: null }, context)
  const where = [segment(cutTo(place, Math.max(8, room), 'end', glyphs.ellipsis), 'accent')]
  if (widthOf(place) + cause.length <= room) where.push(segment(cause, 'dim'))
  return [
    spread(
      [mark, segment(' '), segment(culpritName(row), 'strong'), segment(`  ${routeText(row.longest, 'no request')}`)],
      held,
      width,
      glyphs,
    ),
    spread([segment('  '), ...where], waited, width, glyphs),
  ]
}

function routeLines(width: number, context: ViewContext): Line[] {
  const rows = arrange(routesTable, context, UNORDERED)
  if (rows.length === 0) return [line(segment(routesTable.empty(context), 'dim'))]
  return drawTable(routesTable, rows, context, UNORDERED, { width, height: rows.length + 1 }).map(({ segments }) => ({
    segments,
  }))
}

function poolLines(width: number, context: ViewContext): Line[] {
  const rows = sorted(context.tables.pools)
  if (rows.length === 0) return [line(segment('none seen yet', 'dim'))]
  const nameOf = (row: PoolRow) =>
    context.many ? `${poolName(row)} ${context.instanceName(row.instance)}` : poolName(row)
  const names = Math.min(24, Math.max(...rows.map((row) => widthOf(nameOf(row)))))
  const cells = width >= 56 ? 10 : width - names >= 29 ? 3 : 0
  return rows.map((row) => {
    const name = fit(nameOf(row), names, 'left', 'start', context.glyphs.ellipsis)
    const waiting = row.pending === null ? [] : [segment(' q '), graded(shortCount(row.pending), row.pending, 1, 10)]
    const wait = [segment(' wait', 'dim'), gradedDuration(row.wait.p99, 20, 100)]
    return spread(
      [poolMark(row, context), segment(` ${name} `), ...usage(row, context, cells), ...waiting],
      wait,
      width,
      context.glyphs,
    )
  })
}

function backgroundLines(width: number, context: ViewContext): Line[] {
  const rows = [...context.tables.background].sort((a, b) => b.running - a.running || b.failed - a.failed)
  if (rows.length === 0) return [line(segment('nothing outlives its response', 'dim'))]
  return rows.map((row) => backgroundLine(row, width, context))
}

function backgroundLine(row: BackgroundRow, width: number, context: ViewContext): Line {
  const facts = [segment('  '), graded(`${shortCount(row.running)} running`, row.running, 50, 1000)]
  if (row.running > 0)
    facts.push(
      segment(width >= 44 ? ', oldest ' : ', '),
      graded(shortDuration(row.oldest), row.oldest, 30_000, 300_000),
    )
  if (row.failed > 0) facts.push(segment(`, ${shortCount(row.failed)} failed`, 'act'))
  const where = context.many ? [segment(` ${context.instanceName(row.instance)}`, 'dim')] : []
  return spread([segment(row.name, 'strong'), ...where], facts, width, context.glyphs)
}

export const overviewView: View = {
  name: 'overview',
  title: 'overview',
  about: 'is my loop healthy, what blocks it, who suffers, what is full',
  opens: false,
  keys: () => [],
  sortable: () => [],
  draw: (_, size, context) => drawOverview(size, context),
}
