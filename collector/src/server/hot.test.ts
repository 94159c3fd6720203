import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standardError } from '../model/hot-rows.ts'
import { snapshotOf } from '../testing/snapshot.ts'
import { groupHot } from './hot.ts'

const rows = snapshotOf('a').hot
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} for ${expected}`)

test('by line adds up the routes and leaves the route out', () => {
  const groups = groupHot(rows, 'line')
  assert.deepEqual(
    groups.map(({ file, line, samples }) => [`${file}:${line}`, samples]),
    [
      ['src/report.ts:41', 120],
      ['src/coupon.ts:12', 80],
      ['src/coupon.ts:19', 10],
    ],
  )
  assert.ok(groups.every((group) => !('route' in group)))
})

test('by function adds up the lines, by route everything of the route', () => {
  const byFunction = groupHot(rows, 'function')
  assert.deepEqual(
    byFunction.map((group) => [group.function, group.samples, 'line' in group]),
    [
      ['hashPassword', 120, false],
      ['validateCoupon', 90, false],
    ],
  )
  near(byFunction[1]!.share, 0.36)
  near(byFunction[1]!.time, 0.36 * 7100)
  assert.deepEqual(
    groupHot(rows, 'route').map(({ route, samples }) => [route, samples]),
    [
      ['GET /report', 120],
      ['POST /coupon', 60],
      ['GET /cart/:id', 20],
      [null, 10],
    ],
  )
})

test('the error is that of a share of all samples of the instance', () => {
  // The rows hold 210 samples and 84 % of the busy time: there were 250.
  near(groupHot(rows, 'function')[1]!.error, standardError(0.36, 250))
  const known = rows.map((row) => ({ ...row, effective: 80 }))
  near(groupHot(known, 'function')[1]!.error, standardError(0.36, 80))
})

test('instances are not mixed', () => {
  const groups = groupHot([...rows, ...snapshotOf('b').hot], 'function')
  assert.deepEqual(
    groups.map(({ instance, samples }) => `${instance} ${samples}`),
    ['a 120', 'b 120', 'a 90', 'b 90'],
  )
})
