/** `?by=`: the rows of hot, added up by line, by function or by route. A field that a group has many of is left out. */
import { standardError } from '../model/hot-rows.ts'
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
  const effective = effectiveSamples(rows)
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
    group.error = standardError(group.share, effective.get(group.instance) ?? 0)
  }
  return [...groups.values()].sort((a, b) => b.time - a.time)
}

/** An agent of an older version does not say it: all samples, also those whose rows were not sent. */
function effectiveSamples(rows: readonly HotRow[]): Map<string, number> {
  const effective = new Map<string, number>()
  const sums = new Map<string, { samples: number; share: number }>()
  for (const row of rows) {
    const sum = sums.get(row.instance) ?? { samples: 0, share: 0 }
    sums.set(row.instance, { samples: sum.samples + row.samples, share: sum.share + row.share })
    if (row.effective !== undefined) effective.set(row.instance, row.effective)
  }
  for (const [id, { samples, share }] of sums) {
    if (!effective.has(id)) effective.set(id, share > 0 ? samples / share : samples)
  }
  return effective
}
