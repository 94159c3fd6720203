/** Blocks by what caused them: one culprit for each function, line and route. */
import type { BlockRow, Cause, CulpritRow } from '@loopscope/collector/protocol'

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
  /** Those that are kept, newest first. */
  blocks: BlockRow[]
  /** Of all, kept or not. */
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
  /** The newest one in the middle of which its process was killed. */
  fatal: BlockRow | null
  /** Why it may block; null: it may not. */
  allowed: string | null
  startup: boolean
}

export function culpritKey(block: BlockRow | CulpritRow): string {
  // Where nothing was captured, the cause is all that tells blocks apart.
  return [block.function ?? block.cause, block.file, block.line, block.route, block.allowed, block.startup].join('|')
}

/**
 * Worst harm first: by the time that victims waited, then by the time that the loop was held. What is no trouble (allowed,
 * start-up) comes last. `exact`: the numbers of each, of which only some blocks are kept.
 */
export function culpritsOf(blocks: readonly BlockRow[], exact: readonly CulpritRow[] = []): Culprit[] {
  const numbers = Map.groupBy(exact, culpritKey)
  const groups = new Map<string, BlockRow[]>()
  for (const block of blocks) {
    const key = culpritKey(block)
    const group = groups.get(key)
    if (group) group.push(block)
    else groups.set(key, [block])
  }
  return [...groups]
    .map(([key, group]) => culprit(key, group, numbers.get(key) ?? []))
    .sort((a, b) => Number(isTrouble(b)) - Number(isTrouble(a)) || byHarm(a, b) || b.lastAt - a.lastAt)
}

/** Neither allowed by the program nor the loading of its modules. */
export function isTrouble(row: { allowed?: string | null; startup?: boolean }): boolean {
  return (row.allowed ?? null) === null && row.startup !== true
}

/** What nobody waited for comes after what somebody did, however long it was. */
export function byHarm(a: Culprit, b: Culprit): number {
  return b.victimTime - a.victimTime || b.total - a.total
}

/** The callback that holds a loop now, the longest first. */
export function openBlocks(blocks: readonly BlockRow[]): BlockRow[] {
  return blocks.filter((block) => block.open && isTrouble(block)).sort((a, b) => b.duration - a.duration)
}

function culprit(key: string, group: BlockRow[], exact: CulpritRow[]): Culprit {
  const blocks = [...group].sort((a, b) => b.at - a.at)
  const durations = blocks.map((block) => block.duration).sort((a, b) => a - b)
  const longest = blocks.reduce((most, block) => (block.duration > most.duration ? block : most))
  // What has not ended, or ended with its process, is in no count yet.
  const uncounted = exact.length > 0 ? blocks.filter((block) => block.open || block.fatal) : blocks
  const parts = [...exact, ...uncounted.map(asOne)]
  const victimsByRoute: Record<string, number> = {}
  for (const { victims } of parts) {
    for (const [route, times] of Object.entries(victims.byRoute))
      victimsByRoute[route] = (victimsByRoute[route] ?? 0) + times
  }
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0)
  const largest = exact.reduce<CulpritRow | undefined>(
    (most, row) => (row.count > (most?.count ?? 0) ? row : most),
    undefined,
  )
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
    count: sum((part) => part.count),
    p50: largest && largest.count > durations.length ? largest.p50 : durations[Math.ceil(durations.length / 2) - 1]!,
    longest,
    total: sum((part) => part.total),
    victims: sum((part) => part.victims.count),
    victimTime: sum((part) => part.victims.time),
    victimsByRoute,
    lastAt: Math.max(...blocks.map((block) => block.at + block.duration)),
    open: blocks.find((block) => block.open) ?? null,
    fatal: blocks.find((block) => block.fatal) ?? null,
    allowed: longest.allowed ?? null,
    startup: longest.startup ?? false,
  }
}

type Part = Pick<CulpritRow, 'count' | 'total' | 'victims'>

function asOne({ duration, victims }: BlockRow): Part {
  return { count: 1, total: duration, victims }
}
