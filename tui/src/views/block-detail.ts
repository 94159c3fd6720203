/** One culprit in full: what, where in the source, the stack, why, who suffered, and its latest blocks. */
import type { Culprit } from '../state/culprits.ts'
import type { State } from '../state/state.ts'
import { place } from '../text/path.ts'
import { clockTime, duration, percent, shortCount, shortDuration } from '../text/units.ts'
import { fit } from '../text/width.ts'
import { callbacksText } from './callbacks.ts'
import { at, CAUSE_NAMES, loadingOf, routeText } from './cells.ts'
import type { ViewContext } from './context.ts'
import { line, segment, type Line } from './line.ts'

const SOURCE_LINES_AROUND = 3
const LATEST_BLOCKS = 8

export function blockDetail(row: Culprit, context: ViewContext, state: State, width: number): Line[] {
  return [
    ...headline(row, context),
    ...source(row, state, context, width),
    ...stack(row, context, width),
    ...evidence(row, context),
    ...victims(row),
    ...latest(row, context),
  ]
}

function headline(row: Culprit, context: ViewContext): Line[] {
  const name = row.startup ? 'start-up' : (row.function ?? '(no stack was taken)')
  const cause = row.api === null ? CAUSE_NAMES[row.cause] : `${CAUSE_NAMES[row.cause]} (${row.api})`
  const first = line(
    segment(name, 'strong'),
    '  ',
    segment(at(row, context), 'accent'),
    '   ',
    routeText(row.longest, row.startup ? 'before anything could wait' : 'outside of any request'),
  )
  const sums = `${shortCount(row.count)} ${row.count === 1 ? 'block' : 'blocks'}   p50 ${shortDuration(row.p50)}   max ${shortDuration(row.longest.duration)}   in all ${shortDuration(row.total)}   cause ${cause}`
  const lines = [first, line(sums)]
  const { package: held } = row.longest
  if (held) lines.push(line('in package ', segment([held.name, held.version].filter(Boolean).join(' '), 'strong')))
  lines.push(...callbacksText(row.longest).map((text) => line(text)))
  if (row.allowed !== null) lines.push(line('allowed: ', segment(row.allowed, 'strong')))
  for (const part of row.longest.modules ?? [])
    lines.push(line(`  ${duration(part.time)} `, segment(loadingOf(part), 'strong')))
  if (row.fatal) {
    const killed = ` ${context.glyphs.act} its process (${row.fatal.instance}) was killed in the middle of it, after ${shortDuration(row.fatal.duration)} at least `
    lines.push(line(segment(killed, 'act')))
  }
  if (row.open)
    lines.push(
      line(
        segment(` ${context.glyphs.dot} BLOCKED NOW for ${shortDuration(row.open.duration)}, and counting `, 'loud'),
      ),
    )
  return lines
}

function heading(text: string): Line[] {
  return [line(), line(segment(text, 'accent'))]
}

function source(row: Culprit, state: State, context: ViewContext, width: number): Line[] {
  if (row.file === null || row.line === null) return []
  const lines = state.files[row.file]
  if (!lines || row.line > lines.length) return []
  const first = Math.max(1, row.line - SOURCE_LINES_AROUND)
  const last = Math.min(lines.length, row.line + SOURCE_LINES_AROUND)
  const digits = String(last).length
  const shownLines: Line[] = []
  for (let number = first; number <= last; number++) {
    const hot = number === row.line
    const gutter = `${hot ? context.glyphs.pointer : ' '} ${String(number).padStart(digits)}  `
    const text = fit(
      lines[number - 1]!,
      Math.max(10, width - gutter.length - 1),
      'left',
      'start',
      context.glyphs.ellipsis,
    )
    shownLines.push(line(segment(gutter, hot ? 'act' : 'dim'), segment(text.trimEnd(), hot ? 'strong' : 'plain')))
  }
  return [...heading('source'), ...shownLines]
}

function stack(row: Culprit, context: ViewContext, width: number): Line[] {
  const block = row.longest
  if (block.stack.length === 0) return []
  const names = Math.min(36, Math.max(...block.stack.map((frame) => frame.function.length + (frame.async ? 6 : 0))))
  const frames = block.stack.map((frame) => {
    const isCulprit = frame.file === row.file && frame.line === row.line
    const name = fit(`${frame.async ? 'async ' : ''}${frame.function}`, names, 'left', 'start', context.glyphs.ellipsis)
    const where = place(frame.file, frame.line, frame.column, context.cwd)
    return line(
      '  ',
      segment(name, isCulprit ? 'strong' : 'plain'),
      '  ',
      segment(fit(where, Math.max(10, width - names - 4), 'left', 'end', context.glyphs.ellipsis).trimEnd(), 'dim'),
    )
  })
  return [...heading('stack of the longest block, innermost first'), ...frames]
}

function evidence(row: Culprit, context: ViewContext): Line[] {
  const { evidence: facts, duration: held } = row.longest
  const share = (ms: number) => `${shortDuration(ms)} (${percent(Math.min(1, ms / Math.max(held, 0.001)))})`
  const parts = [`${shortCount(facts.samples)} ${facts.samples === 1 ? 'capture' : 'captures'} while it lasted`]
  if (facts.cpu) parts.push(`on the CPU ${share(facts.cpu)}`)
  if (facts.gc) parts.push(`collecting garbage ${share(facts.gc)}`)
  if (facts.runDelay) parts.push(`ready but not run by the system ${share(facts.runDelay)}`)
  if (facts.suspended) parts.push(`stopped ${share(facts.suspended)}`)
  if (facts.throttled) parts.push(`throttled ${share(facts.throttled)}`)
  const where = context.many ? [line(`  instance ${context.instanceName(row.longest.instance)}`)] : []
  return [...heading('evidence of the longest block'), ...parts.map((part) => line(`  ${part}`)), ...where]
}

function victims(row: Culprit): Line[] {
  if (row.victims === 0) return [...heading('victims'), line(segment('  nobody waited', 'dim'))]
  const routes = Object.entries(row.victimsByRoute).sort((a, b) => b[1] - a[1])
  const title = `victims: ${shortCount(row.victims)} waited ${shortDuration(row.victimTime)} in all`
  return [
    ...heading(title),
    ...routes.slice(0, 10).map(([route, times]) => line(`  ${shortCount(times).padStart(5)}  ${route}`)),
  ]
}

function latest(row: Culprit, context: ViewContext): Line[] {
  const lines = row.blocks.slice(0, LATEST_BLOCKS).map((block) => {
    const trace = block.trace === null ? '' : `   trace ${block.trace.traceId}`
    const open = block.open ? segment(' and counting', 'act') : segment('')
    const activity = block.activity === null ? '' : `   ${block.activity.kind} ${block.activity.id}`
    return line(`  ${clockTime(block.at)}  `, duration(block.duration), open, segment(`${activity}${trace}`, 'dim'))
  })
  const more =
    row.blocks.length > LATEST_BLOCKS
      ? [line(segment(`  and ${row.blocks.length - LATEST_BLOCKS} before ${context.glyphs.ellipsis}`, 'dim'))]
      : []
  return [...heading('latest blocks'), ...lines, ...more]
}
