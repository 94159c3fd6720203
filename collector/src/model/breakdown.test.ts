import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { breakdownOf, CriticalPath } from './breakdown.ts'

const told = (path: CriticalPath, begun = 0, ended = 1000) => Object.fromEntries(path.within(begun, ended))
const sum = (parts: Record<string, number>) => Object.values(parts).reduce((all, part) => all + part, 0)

suite('the critical path', () => {
  test('of waits in series has each of them', () => {
    const path = new CriticalPath()
    path.add('poolWait', 5, 25)
    path.add('db', 25, 55)
    path.add('db', 60, 70)
    assert.deepEqual(told(path), { poolWait: 20, db: 40 })
  })

  test('of waits in parallel gives the time to the one that ended last', () => {
    const path = new CriticalPath()
    path.add('db', 10, 20)
    path.add('db', 10, 30)
    path.add('http', 10, 50)
    assert.deepEqual(told(path), { http: 40 })
  })

  test('leaves to a wait what lies before the one that outlasted it', () => {
    const path = new CriticalPath()
    path.add('db', 10, 30)
    path.add('http', 20, 50)
    assert.deepEqual(told(path), { db: 10, http: 30 })
  })

  test('takes over several waits at once', () => {
    const path = new CriticalPath()
    path.add('db', 0, 10)
    path.add('poolWait', 10, 20)
    path.add('db', 20, 30)
    path.add('http', 5, 40)
    assert.deepEqual(told(path), { db: 5, http: 35 })
  })

  test('takes what is told at the end, in no order, as if it had been told in time', () => {
    const path = new CriticalPath()
    path.add('db', 10, 30)
    path.add('http', 40, 90)
    path.addLate('timer', 60, 101)
    path.addLate('timer', 25, 50)
    path.addLate('timer', 12, 20)
    assert.deepEqual(told(path, 0, 100), { db: 15, timer: 55, http: 20 })
  })

  test('is cut to the activity', () => {
    const path = new CriticalPath()
    path.add('db', 0, 20)
    path.add('http', 30, 60)
    assert.deepEqual(told(path, 10, 50), { db: 10, http: 20 })
  })

  test('takes nothing from what has no length, or a time that is not known', () => {
    const path = new CriticalPath()
    path.add('db', 10, 10)
    path.add('db', NaN, 20)
    path.add('db', 30, 20)
    assert.deepEqual(told(path), {})
  })

  test('of thousands of waits counts every one, and never more than the time that there was', () => {
    const path = new CriticalPath()
    for (let at = 0; at < 5000; at++) path.add(at % 2 ? 'db' : 'http', at, at + 1)
    assert.deepEqual(told(path, 0, 5000), { db: 2500, http: 2500 })
    path.add('timer', 0, 5001)
    assert.equal(sum(told(path, 0, 5001)), 5001)
  })
})

suite('the breakdown', () => {
  test('sums to the mean latency, with the rest as other', () => {
    const parts = breakdownOf({ count: 2, sum: 200 }, { likely: 30, surely: 10 }, new Map([['db', 60] as const]))
    assert.deepEqual(parts, { onLoop: 15, db: 30, other: 55 })
  })

  test('believes the waits, which are measured, more than the samples of the loop', () => {
    const parts = breakdownOf({ count: 1, sum: 100 }, { likely: 30, surely: 0 }, new Map([['db', 80] as const]))
    assert.deepEqual(parts, { onLoop: 20, db: 80, other: 0 })
  })

  test('has no negative part where code surely ran while it waited: the waits are cut, each by the same share', () => {
    const waits = new Map([['db', 60] as const, ['http', 20] as const])
    const onLoop = { likely: 80, surely: 60 }
    assert.deepEqual(breakdownOf({ count: 1, sum: 100 }, onLoop, waits), { onLoop: 60, db: 30, http: 10, other: 0 })
    assert.deepEqual(breakdownOf({ count: 1, sum: 10 }, onLoop, waits), { onLoop: 10, db: 0, http: 0, other: 0 })
  })

  test('of no request is nothing', () => {
    assert.deepEqual(breakdownOf({ count: 0, sum: 0 }, { likely: 0, surely: 0 }, new Map()), { onLoop: 0, other: 0 })
  })
})
