/** What is known of the callbacks in a block: that many small ones made it, or that one did among others. */
import type { BlockCallbacks, BlockRow } from '@loopscope/collector/protocol'
import { shortCount, shortDuration } from '../text/units.ts'

const KINDS: Record<NonNullable<BlockCallbacks['kind']>, string> = {
  events: 'sockets, files and the like',
  timers: 'timers',
  immediates: 'setImmediate',
  microtasks: 'promises',
  nextTicks: 'process.nextTick',
}
/** What else ran is worth a line from so many on. */
const MANY = 10

type Block = Pick<BlockRow, 'callbacks'>

export function isMadeOfMany({ callbacks }: Block): boolean {
  return callbacks?.isMany === true
}

/** For the table: "312+ of 61", callbacks of activities. */
export function callbacksCell(block: Block): string {
  if (!block.callbacks || !isMadeOfMany(block)) return '-'
  const { count, activities } = block.callbacks
  return `${shortCount(count)}+${activities > 1 ? ` of ${shortCount(activities)}` : ''}`
}

/** Short lines, or none where there is nothing to say. */
export function callbacksText(block: Block): string[] {
  const { callbacks } = block
  if (!callbacks) return []
  const { activities, longest, count, kind } = callbacks
  if (isMadeOfMany(block)) {
    const whose = activities > 1 ? ` of ${shortCount(activities)} requests or tasks` : ''
    const from = kind ? `they came from ${KINDS[kind]}` : ''
    const seen = longest === undefined ? '' : `the longest seen took ${shortDuration(longest)} or more`
    const more = [from, seen].filter((text) => text !== '').join('; ')
    return [
      `no single callback held the loop, but ${shortCount(count)} or more${whose}`,
      ...(more === '' ? [] : [`  ${more}`]),
    ]
  }
  if (callbacks.isMany !== false || count < MANY) return []
  const held = longest === undefined ? '' : ` for ${shortDuration(longest)} or more`
  return [`one callback held the loop${held}, among ${shortCount(count)} or more`]
}
