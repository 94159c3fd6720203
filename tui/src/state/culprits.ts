/** Blocks by what caused them: one culprit for each function, line and route. */
import type { BlockRow, Cause } from '@loopscope/collector/protocol'

export interface Culprit {
  key: string
  /** null where no stack could be taken. */
  function: string | null
  file: string | null
  line: number | null
  column: number | null
  route: string | null
  /** Of its longest block. */
  cause: Cause
  api: string | null
  /** Newest first. */
  blocks: BlockRow[]
  count: number
  p50: number
  longest: BlockRow
  /** ms that it held the loop, in all. */
  total: number
  victims: number
  victimTime: number
  victimsByRoute: Record<string, number>
  /** When its newest block ended, or now where one is open. */
  lastAt: number
  open: BlockRow | null
}

export function culpritKey(block: BlockRow): string {
  // Where nothing was captured, the cause is all that tells blocks apart.
  return [block.function ?? block.cause, block.file, block.line, block.route].join('|')
}

/** Worst total harm first: the time that victims waited, and the time that the loop was held. */
export function culpritsOf(blocks: readonly BlockRow[]): Culprit[] {
  const groups = new Map<string, BlockRow[]>()
  for (const block of blocks) {
    const key = culpritKey(block)
    const group = groups.get(key)
    if (group) group.push(block)
    else groups.set(key, [block])
  }
  return [...groups].map(([key, group]) => culprit(key, group)).sort((a, b) => harm(b) - harm(a) || b.lastAt - a.lastAt)
}

export function harm(culprit: Culprit): number {
  return culprit.victimTime + culprit.total
}

/** The callback that holds a loop now, the longest first. */
export function openBlocks(blocks: readonly BlockRow[]): BlockRow[] {
  return blocks.filter((block) => block.open).sort((a, b) => b.duration - a.duration)
}

function culprit(key: string, group: BlockRow[]): Culprit {
  const blocks = [...group].sort((a, b) => b.at - a.at)
  const durations = blocks.map((block) => block.duration).sort((a, b) => a - b)
  const longest = blocks.reduce((most, block) => (block.duration > most.duration ? block : most))
  const victimsByRoute: Record<string, number> = {}
  for (const block of blocks) {
    for (const [route, times] of Object.entries(block.victims.byRoute))
      victimsByRoute[route] = (victimsByRoute[route] ?? 0) + times
  }
  const sum = (of: (block: BlockRow) => number) => blocks.reduce((total, block) => total + of(block), 0)
  return {
    key,
    function: longest.function,
    file: longest.file,
    line: longest.line,
    column: longest.column,
    route: longest.route,
    cause: longest.cause,
    api: longest.api,
    blocks,
    count: blocks.length,
    p50: durations[Math.ceil(durations.length / 2) - 1]!,
    longest,
    total: sum((block) => block.duration),
    victims: sum((block) => block.victims.count),
    victimTime: sum((block) => block.victims.time),
    victimsByRoute,
    lastAt: Math.max(...blocks.map((block) => block.at + block.duration)),
    open: openBlocks(blocks)[0] ?? null,
  }
}
