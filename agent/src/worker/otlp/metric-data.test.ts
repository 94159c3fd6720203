import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as api from '@opentelemetry/api'
import * as metrics from '@opentelemetry/sdk-metrics'
import { Histogram, type Family } from '@loopscope/collector'
import { toHrTime, toMetricData } from './metric-data.ts'

function convert(family: Partial<Family>) {
  return toMetricData([{ name: 'n', help: 'h', unit: 's', type: 'gauge', points: [], ...family }], 0, 1000, {
    api,
    metrics,
  })
}

test('a histogram of fractions becomes whole counts whose sum is the count', () => {
  const histogram = new Histogram()
  for (let i = 0; i < 200; i++) histogram.record(1.37 ** (i % 40) / 10, 0.37)
  histogram.record(0, 2.4)
  const [data] = convert({ type: 'histogram', points: [{ attributes: {}, histogram: histogram.toData() }] })
  assert.equal(data?.dataPointType, metrics.DataPointType.HISTOGRAM)
  const { count, buckets } = data.dataPoints[0]!.value
  assert.equal(count, Math.round(histogram.count))
  assert.ok(buckets.counts.every((inBucket) => Number.isInteger(inBucket) && inBucket >= 0))
  assert.equal(
    buckets.counts.reduce((sum, inBucket) => sum + inBucket),
    count,
  )
  assert.equal(buckets.counts.length, buckets.boundaries.length + 1)
})

test('an empty histogram has no least and no greatest value', () => {
  const [data] = convert({ type: 'histogram', points: [{ attributes: {}, histogram: new Histogram().toData() }] })
  assert.equal(data?.dataPointType, metrics.DataPointType.HISTOGRAM)
  const { value } = data.dataPoints[0]!
  assert.equal(value.count, 0)
  assert.ok(!('min' in value) && !('max' in value))
})

test('a value that is not known is left out, and so is a family without points', () => {
  assert.deepEqual(convert({ points: [] }), [])
  assert.deepEqual(convert({ points: [{ attributes: {}, value: NaN }] }), [])
  const [data] = convert({
    points: [
      { attributes: { a: 1 }, value: Infinity },
      { attributes: { a: 2 }, value: 0 },
    ],
  })
  assert.deepEqual(
    data?.dataPoints.map(({ attributes, value }) => [attributes, value]),
    [[{ a: 2 }, 0]],
  )
})

test('a time keeps its fraction of a millisecond and never has a whole second of nanoseconds', () => {
  assert.deepEqual(toHrTime(1_700_000_000_123.5), [1_700_000_000, 123_500_000])
  assert.deepEqual(toHrTime(999.9999999), [0, 999_999_999])
})
