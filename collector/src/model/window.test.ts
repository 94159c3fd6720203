import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WindowHistogram, WindowSum, WINDOW_MS } from './window.ts'

test('a value is in the last minute for a minute, and in the total for ever', () => {
  const histogram = new WindowHistogram()
  const sum = new WindowSum()
  histogram.record(1000, 5)
  sum.add(1000, 5)
  for (const now of [1000, 1000 + WINDOW_MS - 1]) {
    assert.equal(histogram.recent(now).count, 1)
    assert.equal(sum.recent(now), 5)
  }
  const later = 1000 + WINDOW_MS
  assert.deepEqual([histogram.recent(later).count, sum.recent(later)], [0, 0])
  assert.deepEqual([histogram.total().count, sum.total], [1, 5])
})

test('a steady flow is a minute of it, give or take a slot of ten seconds', () => {
  const histogram = new WindowHistogram()
  const sum = new WindowSum()
  for (let now = 0; now < 600_000; now += 100) {
    histogram.record(now, 1)
    sum.add(now, 1)
    if (now < WINDOW_MS) continue
    for (const count of [histogram.recent(now).count, sum.recent(now)])
      assert.ok(count > 500 && count <= 600, `${count}`)
  }
  assert.deepEqual([histogram.total().count, sum.total], [6000, 6000])
})

test('nothing is lost in a pause of an hour', () => {
  const histogram = new WindowHistogram()
  histogram.record(0, 1)
  histogram.record(3_600_000, 2)
  assert.equal(histogram.recent(3_600_001).count, 1)
  assert.deepEqual([histogram.total().count, histogram.total().sum], [2, 3])
})
