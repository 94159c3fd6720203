/** Numbers with their unit in a fixed width: the unit changes with the size, never the width. Absent is '-', never a zero. */
export const DURATION_WIDTH = 6
export const COUNT_WIDTH = 5

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Milliseconds, right-aligned in six columns: `350us`, `2.1ms`, `311ms`, `4.2s`, `41s`, `3m12s`, `3h12m`, `12d04h`. */
export function duration(ms: number | null | undefined): string {
  return shortDuration(ms).padStart(DURATION_WIDTH)
}

export function shortDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '-'
  if (ms < 0) return `-${shortDuration(-ms)}`
  if (ms < 0.0005) return '0ms'
  if (ms < 0.9995) return `${Math.round(ms * 1000)}us`
  if (ms < 9.95) return `${ms.toFixed(1)}ms`
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 9950) return `${(ms / SECOND).toFixed(1)}s`
  if (ms < MINUTE - 500) return `${Math.round(ms / SECOND)}s`
  if (ms < HOUR - 500) return pair(Math.round(ms / SECOND), 60, 'm', 's')
  if (ms < DAY - MINUTE / 2) return pair(Math.round(ms / MINUTE), 60, 'h', 'm')
  if (ms < 100 * DAY - HOUR / 2) return pair(Math.round(ms / HOUR), 24, 'd', 'h')
  return ms < 99_999 * DAY ? `${Math.round(ms / DAY)}d` : `${Math.round(ms / (365.25 * DAY))}y`
}

function pair(total: number, base: number, large: string, small: string): string {
  return `${Math.floor(total / base)}${large}${String(total % base).padStart(2, '0')}${small}`
}

/** A count in five columns: `47`, `1204`, `19.3k`, `1.2M`. */
export function count(value: number | null | undefined): string {
  return shortCount(value).padStart(COUNT_WIDTH)
}

export function shortCount(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-'
  if (value < 9999.5) return String(Math.round(value))
  for (const [size, unit] of [
    [1e3, 'k'],
    [1e6, 'M'],
    [1e9, 'G'],
    [1e12, 'T'],
  ] as const) {
    const scaled = value / size
    if (scaled < 99.95) return `${scaled.toFixed(1)}${unit}`
    if (scaled < 999.5) return `${Math.round(scaled)}${unit}`
  }
  return 'many'
}

/** Per second: `0.4/s`, `412/s`, `1.9k/s`. */
export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined || !Number.isFinite(perSecond)) return '-'
  if (perSecond === 0) return '0/s'
  if (perSecond < 9.95) return `${perSecond.toFixed(1)}/s`
  if (perSecond < 999.5) return `${Math.round(perSecond)}/s`
  return `${perSecond < 9950 ? `${(perSecond / 1000).toFixed(1)}k` : shortCount(perSecond)}/s`
}

/** A share of one: `0.4%`, `52%`. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '-'
  const value = share * 100
  return value > 0 && value < 0.95 ? `${value.toFixed(1)}%` : `${Math.round(value)}%`
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-'
  if (value < 1024) return `${Math.round(value)}B`
  if (value < 1024 ** 2) return `${Math.round(value / 1024)}KB`
  if (value < 1024 ** 3) return `${Math.round(value / 1024 ** 2)}MB`
  return `${(value / 1024 ** 3).toFixed(1)}GB`
}

/** The time of day, as the reader's clock says it. */
export function clockTime(unixMs: number): string {
  const date = new Date(unixMs)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
