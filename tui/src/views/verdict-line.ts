/** The loudest line: a loop that is blocked now; otherwise how healthy it is. */
import { verdict, type Verdict } from '../state/verdict.ts'
import { percent, shortDuration } from '../text/units.ts'
import { widthOf } from '../text/width.ts'
import { culpritName } from './blocks.ts'
import { at } from './cells.ts'
import type { ViewContext } from './context.ts'
import { fitSegments, segment, type Line, type Segment } from './line.ts'

export function verdictLine(context: ViewContext, width: number): Line {
  const answer = verdict(context.tables)
  const text = verdictText(answer, context, width)
  if (answer.level !== 'blocked') return { segments: fitSegments(text, width, context.glyphs) }
  // A bar over the whole width: seen from the other end of the room.
  return { segments: fitSegments(text, width, context.glyphs).map((piece) => segment(piece.text, 'loud')) }
}

export function verdictText(answer: Verdict, context: ViewContext, width = Infinity): Segment[] {
  const { glyphs } = context
  const where = (id: string) => (context.many ? ` (${context.instanceName(id)})` : '')
  switch (answer.level) {
    case 'unknown':
      return [segment(` ${glyphs.ring} waiting for the first figures`, 'dim')]
    case 'fine': {
      const { utilization, delay, instance } = answer.loop
      return [
        segment(` ${glyphs.ok} the loop is free`, 'good'),
        segment(
          `   busy ${percent(utilization)}, a callback waits ${shortDuration(delay.p99)} at p99${where(instance)}`,
          'dim',
        ),
      ]
    }
    case 'killed': {
      const { block } = answer
      const whose = block.route === null ? '' : ` (${block.route})`
      const held = `killed after ${shortDuration(block.duration)}`
      return [
        segment(` ${glyphs.look} the process before this one was ${held}`, 'act'),
        segment(` in ${culpritName(block)} at ${at({ ...block, column: null }, context)}${whose}`, 'strong'),
      ]
    }
    case 'late': {
      const { delay, instance } = answer.loop
      return [
        segment(` ${glyphs.look} the loop is late`, 'look'),
        segment(
          `   a callback waits ${shortDuration(delay.p99)} at p99, ${shortDuration(delay.max)} at worst${where(instance)}`,
        ),
      ]
    }
    case 'busy': {
      const { utilization, delay, instance } = answer.loop
      return [
        segment(` ${glyphs.act} the loop is saturated`, 'act'),
        segment(
          `   busy ${percent(utilization)}, a callback waits ${shortDuration(delay.p99)} at p99${where(instance)}`,
        ),
      ]
    }
    case 'blocked': {
      const sentence = (named: string) =>
        ` ${glyphs.dot} BLOCKED ${shortDuration(answer.duration)}${named}, and counting${where(answer.instance)}${others(answer.others)}`
      const named = culprit(answer, context).map(sentence)
      return [segment(named.find((text) => widthOf(text) <= width) ?? named.at(-1)!, 'loud')]
    }
  }
}

/** From the fullest to the shortest: the directories go first, then the route. */
function culprit({ block }: Verdict & { level: 'blocked' }, context: ViewContext): string[] {
  if (!block || block.function === null) return ['']
  const route = block.route === null ? '' : ` (${block.route})`
  const path = at({ ...block, column: null }, context)
  const name = ` in ${culpritName(block)} at `
  const file = path.slice(path.lastIndexOf('/') + 1)
  return [`${name}${path}${route}`, `${name}${file}${route}`, `${name}${file}`]
}

function others(count: number): string {
  return count === 0 ? '' : `, and ${count} more`
}
