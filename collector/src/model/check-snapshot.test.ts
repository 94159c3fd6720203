import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TABLES, type InstanceSnapshot } from '../protocol/index.ts'
import { countRows, snapshotOf, withCalls, withQueue } from '../testing/snapshot.ts'
import { checkSnapshot } from './check-snapshot.ts'

/** A snapshot as it comes over the wire, with one thing wrong in it. */
function broken(change: (snapshot: InstanceSnapshot) => void): string {
  const snapshot = structuredClone(snapshotOf())
  change(snapshot)
  const checked = checkSnapshot(JSON.parse(JSON.stringify(snapshot)))
  return 'error' in checked ? checked.error : 'accepted'
}

test('a snapshot that went over the wire is accepted as it is', () => {
  const snapshot = withQueue(snapshotOf())
  Object.assign(snapshot.background[0]!, {
    ...{ rateIn: 1.5, rateOut: 1.3, duration: { p50: 9000, p99: 12_000, max: 12_000 }, unhandled: 1, retried: 2 },
  })
  assert.ok(countRows(snapshot) > 10 && TABLES.every((table) => snapshot[table].length > 0))
  assert.deepEqual(checkSnapshot(JSON.parse(JSON.stringify(snapshot))), JSON.parse(JSON.stringify(snapshot)))
})

test('fields of a newer agent pass', () => {
  assert.equal(
    broken((snapshot) => {
      Object.assign(snapshot, { findings: [{ anything: true }] })
      Object.assign(snapshot.routes[0]!, { later: 1 })
    }),
    'accepted',
  )
})

test('numbers of queues and background work that are none are refused', () => {
  const queue = (change: (row: InstanceSnapshot['pools'][number]) => void): string =>
    broken((snapshot) => {
      Object.assign(snapshot, withQueue(snapshot))
      change(snapshot.pools.at(-1)!)
    })
  assert.equal(
    queue(() => {}),
    'accepted',
  )
  assert.match(
    queue((row) => (row.kind = 'list' as never)),
    /^snapshot\.pools\[2\]\.kind/,
  )
  assert.match(
    queue((row) => (row.jobs!.stalled = -1)),
    /^snapshot\.pools\[2\]\.jobs\.stalled/,
  )
  for (const field of ['rateIn', 'rateOut', 'unhandled', 'retried', 'duration']) {
    assert.match(
      broken((snapshot) => Object.assign(snapshot.background[0]!, { [field]: 'many' })),
      new RegExp(`^snapshot\\.background\\[0\\]\\.${field}`),
    )
  }
})

test('times of calls that are none are refused', () => {
  const calls = (change: (snapshot: InstanceSnapshot) => void): string =>
    broken((snapshot) => {
      Object.assign(snapshot, withCalls(snapshot))
      change(snapshot)
    })
  assert.equal(
    calls(() => {}),
    'accepted',
  )
  assert.match(
    calls(({ pools }) => (pools.at(-1)!.connect!.p99 = -1)),
    /^snapshot\.pools\[2\]\.connect\.p99/,
  )
  assert.match(
    calls(({ pools }) => Object.assign(pools.at(-1)!, { firstByte: 3 })),
    /^snapshot\.pools\[2\]\.firstByte/,
  )
  assert.match(
    calls(({ totals }) => Object.assign(totals.calls![0]!, { firstByte: 3 })),
    /^snapshot\.totals\.calls\[0\]\.firstByte/,
  )
})

test('what is no snapshot is refused with the place of the mistake', () => {
  for (const value of [null, 'text', 3, [], {}]) assert.ok('error' in checkSnapshot(value))
  assert.equal(
    broken((snapshot) => (snapshot.totals = null as never)),
    'snapshot.totals must be an object',
  )
  assert.equal(
    broken((snapshot) => (snapshot.id = '')),
    'snapshot.id must not be empty',
  )
  assert.equal(
    broken((snapshot) => (snapshot.loop[0]!.delay.p99 = NaN)),
    'snapshot.loop[0].delay.p99 must be a finite number',
  )
  assert.equal(
    broken((snapshot) => (snapshot.pools[1]!.used = -1)),
    'snapshot.pools[1].used must not be negative',
  )
  assert.match(
    broken((snapshot) => (snapshot.blocks[0]!.cause = 'bad luck' as 'js')),
    /^snapshot\.blocks\[0\]\.cause must be one of js/,
  )
})

test('one sender cannot fill the collector', () => {
  assert.match(
    broken((snapshot) => (snapshot.tasks = Array(5001).fill(snapshot.tasks[0]))),
    /tasks has 5001 entries, 5000 are allowed/,
  )
  assert.match(
    broken((snapshot) => (snapshot.totals.turns.offset = 1e9)),
    /turns\.offset must be a whole number from -80 to 320/,
  )
  assert.match(
    broken((snapshot) => (snapshot.totals.turns.offset = -1e9)),
    /turns\.offset/,
  )
  assert.match(
    broken((snapshot) => (snapshot.totals.turns.counts = Array(1025).fill(1))),
    /turns\.counts has 1025 entries/,
  )
  assert.match(
    broken((snapshot) => (snapshot.routes[0]!.route = 'x'.repeat(4097))),
    /longer than 4096/,
  )
})

test('a histogram of another scale is refused, because it could not be merged', () => {
  assert.equal(
    broken((snapshot) => (snapshot.totals.delay.scale = 4)),
    'snapshot.totals.delay.scale must be one of 3',
  )
})

test('nobody speaks for another instance', () => {
  assert.equal(
    broken((snapshot) => (snapshot.tasks[1]!.instance = 'other')),
    'snapshot.tasks has a row of another instance',
  )
  assert.equal(
    broken((snapshot) => (snapshot.instances[0]!.id = 'other')),
    'snapshot.instances has a row of another instance',
  )
})
