/** A span of time up to now, as people write it: `30s`, `5m`, `15m`. Samples are kept for a quarter of an hour. */
import { UsageError } from '../errors.ts'

const MOST_SECONDS = 900
const UNITS: Record<string, number> = { s: 1, m: 60 }

/** @returns seconds */
export function spanOption(name: string, value: string | boolean | undefined, fallback: number): number {
  if (value === undefined) return fallback
  const [, amount = '', unit = ''] = /^(\d+)([sm])$/.exec(String(value).trim()) ?? []
  const seconds = Number(amount) * (UNITS[unit] ?? Number.NaN)
  if (amount !== '' && seconds >= 1 && seconds <= MOST_SECONDS) return seconds
  throw new UsageError(
    `--${name} is "${String(value)}"`,
    'write it as 30s or 5m, up to 15m: samples are kept for so long',
  )
}

export function spanText(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
