/** From the metric families to OpenTelemetry's data points. Pure; the enums come with the SDK, once it is loaded. */
import type { MetricData } from '@opentelemetry/sdk-metrics'
import type { HrTime } from '@opentelemetry/api'
import { CLASSIC_BORDERS_MS, Histogram, type Family, type Point } from '@loopscope/collector'
import type { Sdk } from './sdk.ts'

const BOUNDARIES = CLASSIC_BORDERS_MS.map((border) => border / 1000)

type Points<T> = { startTime: HrTime; endTime: HrTime; attributes: Point['attributes']; value: T }[]
interface HistogramValue {
  buckets: { boundaries: number[]; counts: number[] }
  count: number
  sum: number
  min?: number
  max?: number
}

/** Times are unix ms. All values go as doubles: a metric that changes between integer and double upsets some stores. */
export function toMetricData(
  families: Family[],
  startedAt: number,
  now: number,
  sdk: Pick<Sdk, 'api' | 'metrics'>,
): MetricData[] {
  const { AggregationTemporality, DataPointType } = sdk.metrics
  const time = { startTime: toHrTime(startedAt), endTime: toHrTime(now) }
  const data: MetricData[] = []
  for (const { name, help, unit, type, points } of families) {
    const common = {
      descriptor: { name, description: help, unit, valueType: sdk.api.ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    }
    if (type === 'histogram') {
      const dataPoints: Points<HistogramValue> = []
      for (const point of points) {
        if ('histogram' in point)
          dataPoints.push({ ...time, attributes: point.attributes, value: toBuckets(point.histogram) })
      }
      if (dataPoints.length > 0) data.push({ ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints })
      continue
    }
    const dataPoints: Points<number> = []
    for (const point of points) {
      // A value that is not known is not sent; JSON has no NaN either.
      if ('value' in point && Number.isFinite(point.value)) dataPoints.push({ ...time, ...point })
    }
    if (dataPoints.length === 0) continue
    if (type === 'gauge') data.push({ ...common, dataPointType: DataPointType.GAUGE, dataPoints })
    else data.push({ ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints })
  }
  return data
}

/** Explicit buckets in seconds. OTLP counts in integers, the delay's histogram in fractions: the running totals are rounded. */
function toBuckets(data: Parameters<typeof Histogram.from>[0]): HistogramValue {
  const histogram = Histogram.from(data)
  const count = Math.round(histogram.count)
  const counts: number[] = []
  let below = 0
  for (const border of CLASSIC_BORDERS_MS) {
    const upTo = Math.min(count, Math.round(histogram.countUpTo(border)))
    counts.push(upTo - below)
    below = upTo
  }
  counts.push(count - below)
  const value: HistogramValue = { buckets: { boundaries: BOUNDARIES, counts }, count, sum: histogram.sum / 1000 }
  return histogram.count > 0 ? { ...value, min: histogram.min / 1000, max: histogram.max / 1000 } : value
}

/** Seconds and nanoseconds. */
export function toHrTime(unixMs: number): HrTime {
  const seconds = Math.floor(unixMs / 1000)
  return [seconds, Math.min(999_999_999, Math.round((unixMs - seconds * 1000) * 1e6))]
}
