import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlockRow } from '@loopscope/collector/protocol'
import { culpritOf, snapshotOf, SNAPSHOT_NOW } from '../../../collector/src/testing/snapshot.ts'
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
  const harmless = block('1', { function: 'alone', duration: 90_000, victims: { count: 0, time: 0, byRoute: {} } })
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

test('numbers are those of all its blocks, of which only some are kept; one that lasts, or was fatal, is not among them yet', () => {
  const exact = { ...culpritOf(finished), count: 1000, total: 60_000, p50: 61, max: 311 }
  const more = { victims: { count: 1, time: 5, byRoute: { 'GET /': 1 } }, duration: 70 }
  const blocks = [finished, block('2', more), block('3', { ...more, open: true }), block('4', { ...more, fatal: true })]
  const [one] = culpritsOf(blocks, [exact])
  assert.deepEqual([one!.count, one!.total, one!.p50, one!.blocks.length], [1002, 60_140, 61, 4])
  assert.deepEqual([one!.victims, one!.victimsByRoute['GET /']], [49, 2])
  assert.equal(one!.fatal!.id, '4')
  const [both] = culpritsOf(blocks, [exact, { ...exact, id: 'of another instance', count: 5 }])
  assert.equal(both!.count, 1007)
})

test('what is allowed, and start-up, comes last, apart, and is no verdict', () => {
  const allowed = block('1', { duration: 60_000, allowed: 'import', open: true })
  const startup = block('2', { duration: 90_000, startup: true, function: null, file: null, line: null })
  const culprits = culpritsOf([allowed, startup, finished])
  assert.deepEqual(
    culprits.map((one) => one.longest.id),
    [finished.id, '2', '1'],
  )
  const tables = { ...tablesOf(snapshotOf()), blocks: [allowed] }
  tables.loop = tables.loop.map((row) => ({ ...row, blockedNow: null }))
  assert.notEqual(verdict(tables).level, 'blocked')
})

test('that the process before this one was killed is the verdict for a while, unless there is trouble now', () => {
  const [instance] = snapshotOf().instances
  const fatal = block('9', { fatal: true, successor: instance!.id, instance: 'before', duration: 12_000 })
  const tables = { ...tablesOf(snapshotOf()), blocks: [fatal] }
  tables.loop = tables.loop.map((row) => ({ ...row, blockedNow: null }))
  const after = (minutes: number, killed = tables) => {
    const startedAt = SNAPSHOT_NOW - minutes * 60_000
    return verdict({ ...killed, instances: [{ ...instance!, startedAt }] })
  }
  const answer = after(1)
  assert.equal(answer.level === 'killed' && answer.block.id, '9')
  assert.notEqual(after(30).level, 'killed')
  assert.equal(after(1, { ...tables, loop: snapshotOf().loop }).level, 'blocked')
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
