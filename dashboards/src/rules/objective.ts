/** The objective for the event loop: in 99 % of all instants a callback that becomes ready waits no longer than 64 ms. */
export const OBJECTIVE = {
  /** The share of time in which it holds. */
  share: 0.99,
  /** In seconds; one of the histogram's borders, so that the count is exact. */
  delayBorder: '0.064',
} as const

/**
 * Two windows of one alert: the long one proves that it matters, the short one that it still goes on. `factor`: how many
 * times faster than allowed the error budget burns (Google's SRE workbook, chapter 5: 14.4 spends 2 % of a month in an hour).
 */
export interface BurnRate {
  severity: 'critical' | 'warning'
  long: string
  short: string
  factor: number
}

export interface RuleParameters {
  fast: BurnRate
  slow: BurnRate
  /** How long one callback may hold the loop before that is an alert by itself, in seconds. */
  blockedSeconds: number
  /** How often Prometheus evaluates the rules; its own default when left out. */
  interval?: string
}

export const DEFAULT_PARAMETERS: RuleParameters = {
  fast: { severity: 'critical', long: '1h', short: '5m', factor: 14.4 },
  slow: { severity: 'warning', long: '6h', short: '30m', factor: 6 },
  blockedSeconds: 1,
}
