/** `?by=`: the rows of hot, added up by line, by function or by route. A field that a group has many of is left out. */
import type { HotRow } from '../protocol/index.ts'

export const GROUPINGS = ['line', 'function', 'route'] as const
export type Grouping = (typeof GROUPINGS)[number]

const FIELDS: Record<Grouping, readonly (keyof HotRow)[]> = {
  line: ['instance', 'function', 'file', 'line', 'column'],
  function: ['instance', 'function', 'file'],
  route: ['instance', 'route'],
}

export type HotGroup = Pick<HotRow, 'instance' | 'samples' | 'share' | 'error' | 'time'> & Partial<HotRow>

/** Most time first. */
export function groupHot(rows: readonly HotRow[], by: Grouping): HotGroup[] {
  const samplesOf = samplesByInstance(rows)
  const groups = new Map<string, HotGroup>()
  for (const row of rows) {
    const fields = Object.fromEntries(FIELDS[by].map((field) => [field, row[field]]))
    const key = JSON.stringify(fields)
    let group = groups.get(key)
    if (!group) {
      group = { ...fields, instance: row.instance, samples: 0, share: 0, error: 0, time: 0 }
      groups.set(key, group)
    }
    group.samples += row.samples
    group.share += row.share
    group.time += row.time
  }
  for (const group of groups.values()) {
    const share = Math.min(1, group.share)
    const samples = samplesOf.get(group.instance) ?? 0
    // One standard error of a share of `samples` independent samples.
    group.error = samples > 0 ? Math.sqrt((share * (1 - share)) / samples) : 0
  }
  return [...groups.values()].sort((a, b) => b.time - a.time)
}

/** All samples of each instance, also those whose rows were not sent: their share is missing in the sum. */
function samplesByInstance(rows: readonly HotRow[]): Map<string, number> {
  const sums = new Map<string, { samples: number; share: number }>()
  for (const { instance, samples, share } of rows) {
    const sum = sums.get(instance) ?? { samples: 0, share: 0 }
    sums.set(instance, { samples: sum.samples + samples, share: sum.share + share })
  }
  return new Map([...sums].map(([id, { samples, share }]) => [id, share > 0 ? samples / share : samples]))
}
