import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, count, COUNT_WIDTH, duration, DURATION_WIDTH, percent, rate, shortDuration } from './units.ts'

test('a duration changes its unit, not its width', () => {
  const expected: [number, string][] = [
    [0, '0ms'],
    [0.35, '350us'],
    [0.9996, '1.0ms'],
    [2.13, '2.1ms'],
    [9.96, '10ms'],
    [311, '311ms'],
    [999.6, '1.0s'],
    [4200, '4.2s'],
    [9960, '10s'],
    [41_000, '41s'],
    [59_700, '1m00s'],
    [192_000, '3m12s'],
    [3_599_700, '1h00m'],
    [11_520_000, '3h12m'],
    [86_399_000, '1d00h'],
    [1_051_200_000, '12d04h'],
    [8_640_000_000, '100d'],
  ]
  for (const [ms, text] of expected) assert.equal(shortDuration(ms), text, String(ms))
})

test('no duration up to centuries is wider than its column', () => {
  for (let ms = 0.0001; ms < 1e13; ms *= 1.07) assert.equal(duration(ms).length, DURATION_WIDTH, String(ms))
})

test('what is not known is a dash, never a zero', () => {
  for (const unknown of [undefined, null, Number.NaN, Infinity]) {
    assert.equal(duration(unknown).trim(), '-')
    assert.equal(count(unknown).trim(), '-')
    assert.equal(percent(unknown), '-')
    assert.equal(rate(unknown), '-')
    assert.equal(bytes(unknown), '-')
  }
})

test('no count is wider than its column', () => {
  for (let value = 1; value < 1e17; value = Math.ceil(value * 1.3))
    assert.equal(count(value).length, COUNT_WIDTH, String(value))
  assert.deepEqual(
    [47, 1204, 19_300, 999_900, 1.2e6].map((value) => count(value).trim()),
    ['47', '1204', '19.3k', '1000k', '1.2M'].map((text) => (text === '1000k' ? '1.0M' : text)),
  )
})

test('rates, shares and bytes carry their unit', () => {
  assert.deepEqual([0, 0.42, 412, 1900, 15_000].map(rate), ['0/s', '0.4/s', '412/s', '1.9k/s', '15.0k/s'])
  assert.deepEqual([0, 0.004, 0.52, 1].map(percent), ['0%', '0.4%', '52%', '100%'])
  assert.deepEqual([12, 21_000_000, 3e9].map(bytes), ['12B', '20MB', '2.8GB'])
})
