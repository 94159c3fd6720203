import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlockRow } from '@loopscope/collector/protocol'
import { snapshotOf, SNAPSHOT_NOW } from '../../../collector/src/testing/snapshot.ts'
import { tablesOf } from '../testing/scene.ts'
import { culpritsOf } from './culprits.ts'
import { verdict } from './verdict.ts'

const [finished, open] = snapshotOf().blocks as [BlockRow, BlockRow]
const block = (id: string, change: Partial<BlockRow>): BlockRow => ({ ...finished, id, ...change })

test('blocks of one function, line and route are one culprit', () => {
  const culprits = culpritsOf([
    block('1', { duration: 100 }),
    block('2', { duration: 300, at: SNAPSHOT_NOW - 1000 }),
    block('3', { duration: 200 }),
    block('4', { line: 99 }),
    block('5', { route: 'GET /other' }),
  ])
  assert.equal(culprits.length, 3)
  const first = culprits[0]!
  assert.deepEqual([first.count, first.p50, first.longest.id, first.total], [3, 200, '2', 600])
  assert.equal(first.victims, 3 * 47)
  assert.deepEqual(first.victimsByRoute, { 'GET /cart/:id': 141 })
  assert.equal(first.lastAt, SNAPSHOT_NOW - 700)
})

test('the one that did most harm comes first, not the longest', () => {
  const harmless = block('1', { function: 'alone', duration: 900, victims: { count: 0, time: 0, byRoute: {} } })
  assert.deepEqual(
    culpritsOf([harmless, finished]).map((one) => one.function),
    ['hashPassword', 'alone'],
  )
})

test('blocks without a stack are told apart by their cause', () => {
  const unknown = { function: null, file: null, line: null, route: null }
  assert.equal(
    culpritsOf([block('1', { ...unknown, cause: 'gc' }), block('2', { ...unknown, cause: 'unknown' })]).length,
    2,
  )
})

test('a loop that is blocked now is the verdict, with its culprit', () => {
  const answer = verdict(tablesOf(snapshotOf()))
  assert.equal(answer.level, 'blocked')
  assert.equal(answer.level === 'blocked' && answer.block?.function, 'validateCoupon')
  assert.equal(answer.level === 'blocked' && answer.duration, open.duration)
})

test('before the capture came in, the block has a duration but no culprit', () => {
  const answer = verdict({ ...tablesOf(snapshotOf()), blocks: [finished] })
  assert.deepEqual(answer, { level: 'blocked', duration: 4200, instance: 'shop-api-4242-0', block: null, others: 0 })
})

test('otherwise the loop is saturated, late or free, by limits that are arguments', () => {
  const tables = { ...tablesOf(snapshotOf()), blocks: [] }
  tables.loop = tables.loop.map((row) => ({ ...row, blockedNow: null }))
  assert.equal(verdict(tables, { utilization: 0.7, delayMs: 1000 }).level, 'busy')
  assert.equal(verdict(tables, { utilization: 0.9, delayMs: 40 }).level, 'late')
  assert.equal(verdict(tables, { utilization: 0.9, delayMs: 50 }).level, 'fine')
  assert.equal(verdict({ ...tables, loop: [] }).level, 'unknown')
})
