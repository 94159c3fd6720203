/** Small charts of one line. */
import type { Glyphs } from './glyphs.ts'

/**
 * The last values as a line of cells, two values in each, newest at the right end. A value of 0..ceiling takes one to four
 * dots; a missing one (undefined) takes none, so a gap in the data is a gap on the screen.
 */
export function sparkline(
  values: readonly (number | undefined)[],
  cells: number,
  ceiling: number,
  glyphs: Glyphs,
): string {
  const shown = values.slice(-cells * 2)
  const padded = [...Array<undefined>(cells * 2 - shown.length).fill(undefined), ...shown]
  let line = ''
  for (let i = 0; i < padded.length; i += 2)
    line += glyphs.spark(level(padded[i], ceiling), level(padded[i + 1], ceiling))
  return line
}

/**
 * The same, `rows` cells high: the top row first. The lowest row is the sparkline of the values up to ceiling / rows, and
 * so on upwards.
 */
export function tallSparkline(
  values: readonly (number | undefined)[],
  cells: number,
  rows: number,
  ceiling: number,
  glyphs: Glyphs,
): string[] {
  const band = ceiling / rows
  return Array.from({ length: rows }, (_, i) => {
    const below = band * (rows - 1 - i)
    // Above the lowest row a value that does not reach up leaves the cell empty.
    const shown = values.map((value) =>
      value === undefined || (below > 0 && value <= below) ? undefined : value - below,
    )
    return sparkline(shown, cells, band, glyphs)
  })
}

function level(value: number | undefined, ceiling: number): number {
  if (value === undefined || !Number.isFinite(value)) return 0
  if (!(ceiling > 0)) return 1
  return Math.min(4, Math.max(1, Math.ceil((value / ceiling) * 4)))
}

/** `████░░░░` for a share of 0..1. Something that is not nothing shows at least one cell. */
export function bar(share: number, cells: number, glyphs: Glyphs): string {
  const clamped = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0))
  const full = clamped > 0 ? Math.max(1, Math.round(clamped * cells)) : 0
  return glyphs.full.repeat(full) + glyphs.empty.repeat(cells - full)
}

/** How many of `cells` each part of a whole gets: largest remainders, so that the sum is exact. */
export function divide(parts: readonly number[], cells: number): number[] {
  const total = parts.reduce((sum, part) => sum + part, 0)
  if (!(total > 0)) return parts.map(() => 0)
  const exact = parts.map((part) => (part / total) * cells)
  const whole = exact.map(Math.floor)
  const order = exact.map((value, i) => ({ i, rest: value - whole[i]! })).sort((a, b) => b.rest - a.rest)
  const left = cells - whole.reduce((sum, value) => sum + value, 0)
  for (const { i } of order.slice(0, left)) whole[i]!++
  return whole
}
