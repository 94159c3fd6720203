/** What a window of samples says, by line, by route and by kind. */
import type { HotRow } from '../protocol/rows.ts'
import { findCulprit } from './culprit.ts'
import type { OnLoop } from './breakdown.ts'
import type { HotWindow } from './hot.ts'

/** Of fewer samples no share is told. */
const ENOUGH = 20

/** One row for each culprit (function, line) and route; most time first. */
export function hotRows({ stacks, samples, busy, effective }: HotWindow, instance: string): HotRow[] {
  const rows = new Map<string, HotRow>()
  for (const stack of stacks) {
    const culprit = findCulprit(stack.frames)
    if (!culprit) continue
    const { function: fn, file, line, column } = culprit.frame
    const key = [stack.route, fn, file, line].join('\0') // one row a line, at its first column
    let row = rows.get(key)
    if (!row) {
      const sums = { samples: 0, share: 0, error: 0, time: 0, effective }
      const { api, package: name } = culprit
      const called = { ...(api === null ? {} : { api }), ...(name === null ? {} : { package: { name } }) }
      row = { instance, route: stack.route, function: fn, file, line, column, ...called, ...sums }
      rows.set(key, row)
    }
    row.samples += stack.samples
    row.time += stack.time
    if (column < row.column) row.column = column
  }
  for (const row of rows.values()) {
    // Before the first reading of the busy time all samples count alike.
    row.share = busy > 0 ? row.time / busy : row.samples / samples
    row.error = standardError(row.share, effective)
  }
  return [...rows.values()].sort((a, b) => b.time - a.time || b.samples - a.samples)
}

/**
 * One standard error of a share of `effective` independent samples, with one more for it and one against it (Agresti and
 * Coull): the plain formula says of a single sample that it is 100 % of everything, without any error.
 */
export function standardError(share: number, effective: number): number {
  const samples = effective + 2
  const likely = (Math.min(1, share) * effective + 1) / samples
  return Math.sqrt((likely * (1 - likely)) / samples)
}

/** ms of the loop by route. */
export function hotByRoute({ stacks }: Pick<HotWindow, 'stacks'>): Map<string, number> {
  const routes = new Map<string, number>()
  for (const { route, time } of stacks) if (route !== null) routes.set(route, (routes.get(route) ?? 0) + time)
  return routes
}

/** ms of the loop by route, an estimate and the least that it can be: less two standard errors, of samples that are independent. */
export function onLoopByRoute(window: HotWindow): Map<string, OnLoop> {
  const samples = new Map<string, number>()
  for (const { route, samples: n } of window.stacks)
    if (route !== null) samples.set(route, (samples.get(route) ?? 0) + n)
  const least = (route: string): number => Math.max(0, 1 - 2 / Math.sqrt(samples.get(route)!))
  return new Map(
    [...hotByRoute(window)].map(([route, likely]) => [route, { likely, surely: likely * least(route) }] as const),
  )
}

/** What part of the busy time was spent in synchronous calls; undefined while there are too few samples to say. */
export function syncCallShare({ stacks, samples, busy }: HotWindow): number | undefined {
  if (samples < ENOUGH || busy <= 0) return undefined
  let sum = 0
  for (const { frames, time } of stacks) if (findCulprit(frames)?.cause === 'sync-call') sum += time
  return sum / busy
}
