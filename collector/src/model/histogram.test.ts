import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { randomFrom } from '../testing/random.ts'
import { bucketBorder, bucketIndex, CLASSIC_BORDERS_MS, Histogram, MIN_INDEX } from './histogram.ts'

const QUANTILES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1]
/** Half a bucket of scale 3: 2^(1/16). */
const RELATIVE_ERROR = 2 ** (1 / 16) - 1 + 1e-9

/** Data of different shapes, in ms. */
function shapes(random: () => number): Record<string, number[]> {
  const many = (make: () => number): number[] => Array.from({ length: 1000 + Math.floor(random() * 4000) }, make)
  const clusters = many(() => [0.1, 3.3, 47][Math.floor(random() * 3)]! * (1 + random() / 1000))
  return {
    uniform: many(() => random() * 100 + 0.001),
    exponential: many(() => -Math.log(1 - random()) * 5 + 0.001),
    'over many decades': many(() => 10 ** (random() * 7 - 3)),
    'a few values, again and again': clusters,
    'the lower edge of a bucket': many(() => 2 ** (Math.floor(random() * 40) / 8) * 1.0001),
    'the upper edge of a bucket': many(() => 2 ** (Math.floor(random() * 40) / 8) * 0.9999),
    'one value': [7.3],
  }
}

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

suite('a histogram', () => {
  test('has every quantile within 4.5 % of the sorted data, and exact count, sum, min and max', () => {
    for (let seed = 1; seed <= 20; seed++) {
      for (const [shape, values] of Object.entries(shapes(randomFrom(seed)))) {
        const histogram = histogramOf(values)
        const sorted = values.toSorted((a, b) => a - b)
        for (const q of QUANTILES) {
          const truth = sorted[Math.ceil(q * sorted.length) - 1]!
          const error = Math.abs(histogram.quantile(q) / truth - 1)
          assert.ok(
            error <= RELATIVE_ERROR,
            `${shape}, seed ${seed}: p${q * 100} is ${histogram.quantile(q)}, not ${truth}`,
          )
        }
        assert.equal(histogram.count, values.length)
        assert.equal(
          histogram.sum,
          values.reduce((sum, value) => sum + value, 0),
        )
        assert.deepEqual([histogram.min, histogram.max], [sorted[0], sorted.at(-1)])
      }
    }
  })

  test('merged from parts is the histogram of all, in any order', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = randomFrom(seed)
      for (const values of Object.values(shapes(random))) {
        const parts = [new Histogram(), new Histogram(), new Histogram()]
        for (const value of values) parts[Math.floor(random() * 3)]!.record(value)
        const forward = new Histogram()
        for (const part of parts) forward.merge(part)
        const backward = new Histogram()
        for (const part of parts.toReversed()) backward.merge(part.toData()) // over the wire, as well
        for (const merged of [forward, backward]) {
          const { sum, ...data } = merged.toData()
          const { sum: truth, ...all } = histogramOf(values).toData()
          assert.deepEqual(data, all)
          assert.ok(Math.abs(sum - truth) < 1e-6 * truth)
        }
      }
    }
  })

  test('has powers of two as exact borders', () => {
    for (let power = -9; power <= 17; power++) {
      const border = 2 ** power
      assert.equal(bucketBorder(bucketIndex(border)), border)
      assert.equal(bucketIndex(border * 1.000001), bucketIndex(border) + 1)
    }
    for (let seed = 1; seed <= 5; seed++) {
      for (const values of Object.values(shapes(randomFrom(seed)))) {
        const histogram = histogramOf(values)
        for (const border of CLASSIC_BORDERS_MS) {
          assert.equal(histogram.countUpTo(border), values.filter((value) => value <= border).length)
        }
      }
    }
  })

  test('goes over the wire and comes back the same', () => {
    const histogram = histogramOf(shapes(randomFrom(3))['exponential']!)
    const data = histogram.toData()
    assert.deepEqual(Histogram.from(JSON.parse(JSON.stringify(data)) as typeof data).toData(), data)
  })

  test('counts a value many times at once, in fractions as well', () => {
    const histogram = new Histogram()
    histogram.record(4, 2.5)
    histogram.record(0, 7.5)
    assert.deepEqual([histogram.count, histogram.sum, histogram.zeros], [10, 10, 7.5])
    assert.equal(histogram.quantile(0.75), 0)
    assert.ok(Math.abs(histogram.quantile(0.76) / 4 - 1) <= RELATIVE_ERROR)
  })

  test('has no quantile and no bounds while it is empty', () => {
    const histogram = new Histogram()
    histogram.record(5, 0)
    histogram.record(5, -1)
    histogram.record(5, NaN)
    assert.equal(histogram.quantile(0.5), 0)
    assert.deepEqual([...histogram.buckets()], [])
    const { min, max, count } = histogram.toData()
    assert.deepEqual({ min, max, count }, { min: 0, max: 0, count: 0 })
  })

  test('counts what is smaller than a microsecond as that', () => {
    assert.equal(bucketIndex(1e-9), MIN_INDEX)
    const histogram = histogramOf([1e-9, 1e-7])
    assert.equal([...histogram.buckets()].length, 1)
    assert.equal(histogram.max, 1e-7)
  })

  test('lists its buckets with borders that follow one another', () => {
    const buckets = [...histogramOf([1, 1.05, 2, 1000]).buckets()]
    assert.equal(
      buckets.reduce((sum, { count }) => sum + count, 0),
      4,
    )
    for (const { low, high } of buckets) assert.ok(Math.abs(high / low - 2 ** (1 / 8)) < 1e-12)
  })
})
