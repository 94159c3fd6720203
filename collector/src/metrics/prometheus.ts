/**
 * Families in Prometheus' text format 0.0.4 or in OpenMetrics 1.0 (which has exemplars), written by prom-client's
 * registry: always one of our own, never the global one, which belongs to the program.
 */
import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Metric, Registry as RegistryClass, RegistryContentType } from 'prom-client'
import { CLASSIC_BORDERS_MS, Histogram } from '../model/histogram.ts'
import type { Exemplar } from '../protocol/rows.ts'
import type { Attributes, Family, Point } from './family.ts'
import { prometheusLabel, prometheusName } from './prometheus-name.ts'

const require = createRequire(import.meta.url)

/** The registry alone: 1.5 ms to load and 4 MB, where all of prom-client is 40 ms and 21 MB; at the first scrape. */
const loadRegistry = (): typeof RegistryClass => require('prom-client/lib/registry.js') as typeof RegistryClass

export interface Exposition {
  contentType: string
  body: string
}

interface Value {
  metricName?: string
  labels?: Record<string, string>
  sharedLabels: Attributes
  value: number
  exemplar?: { labelSet: Record<string, string>; value: number; timestamp: number }
}

/** Lines written before the loop gets a turn: about 1 ms of work, so that a big scrape does not hold up the watchdog. */
const LINES_PER_TURN = 500

export async function exposition(families: readonly Family[], accept: string | undefined): Promise<Exposition> {
  const openMetrics = prefersOpenMetrics(accept)
  const Registry = loadRegistry()
  const registry = new Registry<RegistryContentType>()
  registry.setContentType(openMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE)
  const parts: string[] = []
  let lines = 0
  for (const family of families) {
    const metric = metricOf(family, openMetrics)
    registry.registerMetric(metric as unknown as Metric)
    parts.push(await registry.getSingleMetricAsString(metric.name), '\n')
    lines += metric.values.length
    if (lines > LINES_PER_TURN) {
      lines = 0
      await nextTurn()
    }
  }
  if (openMetrics) parts.push('# EOF\n')
  return { contentType: registry.contentType, body: parts.join('') }
}

/** prom-client takes any object that has a name, a help text, a type and `get()`. */
function metricOf(family: Family, openMetrics: boolean) {
  const full = prometheusName(family.name, family.unit, family.type)
  const metric = {
    // OpenMetrics names a counter without its `_total`; the registry adds it to the samples.
    name: openMetrics && family.type === 'counter' ? full.replace(/_total$/, '') : full,
    help: family.help,
    type: family.type,
    values: family.points.flatMap((point) => valuesOf(full, point)),
    get: () => Promise.resolve(metric),
  }
  return metric
}

function valuesOf(name: string, point: Point): Value[] {
  const sharedLabels: Record<string, string> = {}
  for (const [key, value] of Object.entries(point.attributes)) sharedLabels[prometheusLabel(key)] = labelValue(value)
  if ('value' in point) return [{ sharedLabels, value: point.value }]

  const histogram = Histogram.from(point.histogram)
  const bucket = (le: string, value: number): Value => ({
    metricName: `${name}_bucket`,
    labels: { le },
    sharedLabels,
    // Both formats want whole numbers; observations may be weighted.
    value: Math.round(value),
  })
  const values = CLASSIC_BORDERS_MS.map((border) => bucket(String(border / 1000), histogram.countUpTo(border)))
  values.push(bucket('+Inf', histogram.count))
  if (point.exemplar) addExemplar(values, point.exemplar)
  values.push({ metricName: `${name}_sum`, sharedLabels, value: histogram.sum / 1000 })
  values.push({ metricName: `${name}_count`, sharedLabels, value: Math.round(histogram.count) })
  return values
}

/** An exemplar belongs to the bucket that its value fell into. */
function addExemplar(buckets: Value[], { traceId, spanId, value, at }: Exemplar): void {
  const place = CLASSIC_BORDERS_MS.findIndex((border) => value <= border)
  const bucket = buckets.at(place)
  if (!bucket || !/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) return
  bucket.exemplar = { labelSet: { trace_id: traceId, span_id: spanId }, value: value / 1000, timestamp: at / 1000 }
}

/** A lone surrogate is no UTF-8, and a carriage return would split a line for some readers. */
function labelValue(value: string | number): string {
  return String(value).toWellFormed().replaceAll('\r', '\\r')
}

/** Whether the scraper would rather have OpenMetrics 1.0 than plain text. What it does not name gets plain text. */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  let open = 0
  let plain = 0
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const parameter = (name: string) => parameters.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1)
    const weight = Number(parameter('q') ?? 1)
    const version = parameter('version')
    if (!(weight >= 0 && weight <= 1)) continue
    if (type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0')) {
      open = Math.max(open, weight)
    } else if (type === 'text/plain') plain = Math.max(plain, weight)
  }
  return open > 0 && open >= plain
}
