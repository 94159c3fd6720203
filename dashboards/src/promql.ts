/**
 * The words that queries and rules are made of. Metrics and labels come from the collector's own table and rules, so what
 * is renamed there breaks this package's build or its tests, not a dashboard.
 */
import { METRICS, prometheusLabel, prometheusName, type MetricKey } from '@loopscope/collector'

export type HistogramKey = { [K in MetricKey]: (typeof METRICS)[K]['type'] extends 'histogram' ? K : never }[MetricKey]
export type NumberKey = Exclude<MetricKey, HistogramKey>

/** The series of a histogram. */
export type Part = 'bucket' | 'sum' | 'count'

/** What every query of a dashboard selects by; the variables of event-loop.ts. */
export const WATCHED = 'job=~"$job",loopscope_instance=~"$instance"'

/** The metric's name in Prometheus: `loopscope_eventloop_delay_seconds_bucket`. */
export function metric(key: NumberKey): string
export function metric(key: HistogramKey, part: Part): string
export function metric(key: MetricKey, part?: Part): string {
  const { name, unit, type } = METRICS[key]
  return prometheusName(name, unit, type) + (part ? `_${part}` : '')
}

/** The metric of the jobs and instances chosen on the dashboard. */
export function watched(key: NumberKey, matchers?: string): string {
  return chosen(metric(key), matchers)
}

/** The same of a histogram. */
export function watchedHistogram(key: HistogramKey, part: Part, matchers?: string): string {
  return chosen(metric(key, part), matchers)
}

/** Attributes as labels: `http.route` is `http_route`. */
export function labels(...attributes: string[]): string {
  return attributes.map(prometheusLabel).join(', ')
}

/** Where the quantile of a histogram lies, per label. */
export function quantile(q: number, key: HistogramKey, by = ''): string {
  const groups = by === '' ? 'le' : `le, ${by}`
  return `histogram_quantile(${q}, sum by (${groups}) (rate(${watchedHistogram(key, 'bucket')}[$__rate_interval])))`
}

/**
 * How much a counter grew in the window, its first value included. `increase()` alone leaves out what a series was born
 * with: a culprit seen once would never show. The price: a series that returns after a gap counts its whole past again.
 */
export function grown(series: string, window: string): string {
  const increase = `increase(${series}[${window}])`
  return `(${increase} + (min_over_time(${series}[${window}]) unless ${series} offset ${window} or ${increase} * 0))`
}

function chosen(name: string, matchers?: string): string {
  return `${name}{${WATCHED}${matchers === undefined ? '' : `,${matchers}`}}`
}
