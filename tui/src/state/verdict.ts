/** The first question: is my loop healthy? One answer, worst first, from thresholds that are arguments. */
import type { BlockRow, LoopRow, Tables } from '@loopscope/collector/protocol'
import { openBlocks } from './culprits.ts'

export type Verdict =
  | { level: 'blocked'; duration: number; instance: string; block: BlockRow | null; others: number }
  | { level: 'busy'; loop: LoopRow }
  | { level: 'late'; loop: LoopRow }
  | { level: 'fine'; loop: LoopRow }
  /** All is well now, but the process before this one ended in the middle of a block. */
  | { level: 'killed'; block: BlockRow }
  | { level: 'unknown' }

export interface VerdictLimits {
  /** A loop that is this busy has no room for a burst. */
  utilization: number
  /** A callback that is ready waits this long at p99. */
  delayMs: number
  /** For so long after its start a process tells what the one before it was killed in. */
  killedMs: number
}

export const VERDICT_LIMITS: VerdictLimits = { utilization: 0.85, delayMs: 50, killedMs: 15 * 60_000 }

export function verdict(tables: Tables, given: Partial<VerdictLimits> = {}): Verdict {
  const limits = { ...VERDICT_LIMITS, ...given }
  const blocked = blockedNow(tables)
  const worst = blocked[0]
  if (worst) return { level: 'blocked', ...worst, others: blocked.length - 1 }
  const busiest = largest(tables.loop, (row) => row.utilization)
  const latest = largest(tables.loop, (row) => row.delay.p99)
  if (!busiest || !latest) return { level: 'unknown' }
  if (busiest.utilization >= limits.utilization) return { level: 'busy', loop: busiest }
  const killed = killedBefore(tables, limits.killedMs)
  if (killed) return { level: 'killed', block: killed }
  if (latest.delay.p99 >= limits.delayMs) return { level: 'late', loop: latest }
  return { level: 'fine', loop: busiest }
}

/** The newest one whose successor has not been up for long. */
function killedBefore({ blocks, instances }: Tables, killedMs: number): BlockRow | undefined {
  const young = new Set(instances.filter((row) => row.lastSeen - row.startedAt < killedMs).map((row) => row.id))
  const killed = blocks.filter((block) => block.fatal && block.successor !== undefined && young.has(block.successor))
  return killed.sort((a, b) => b.at - a.at)[0]
}

/** By instance: what its loop row says, and the open block that names the culprit once one was captured. */
function blockedNow(tables: Tables): { duration: number; instance: string; block: BlockRow | null }[] {
  const found = new Map<string, { duration: number; instance: string; block: BlockRow | null }>()
  for (const row of tables.loop) {
    if (row.blockedNow)
      found.set(row.instance, { duration: row.blockedNow.duration, instance: row.instance, block: null })
  }
  for (const block of openBlocks(tables.blocks)) {
    const known = found.get(block.instance)
    if (known?.block) continue
    found.set(block.instance, {
      duration: Math.max(known?.duration ?? 0, block.duration),
      instance: block.instance,
      block,
    })
  }
  return [...found.values()].sort((a, b) => b.duration - a.duration)
}

function largest(rows: LoopRow[], of: (row: LoopRow) => number): LoopRow | undefined {
  return rows.reduce<LoopRow | undefined>(
    (most, row) => (most === undefined || of(row) > of(most) ? row : most),
    undefined,
  )
}
