import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SNAPSHOT_NOW, snapshotOf } from '../../../collector/src/testing/snapshot.ts'
import { tablesOf, watched } from '../testing/scene.ts'
import { reduce, selectedIndex, type Event } from './reduce.ts'
import { connection, HISTORY_SECONDS, initialState, shown, type State } from './state.ts'

const after = (state: State, ...events: Event[]) => events.reduce(reduce, state)

test('the history holds one sample a second, for five minutes', () => {
  const state = watched({ seconds: HISTORY_SECONDS + 40 })
  const history = state.history['shop-api-4242-0']!
  assert.equal(history.length, HISTORY_SECONDS)
  assert.equal(history.at(-1)!.at, SNAPSHOT_NOW)
  const twice = reduce(state, {
    type: 'message',
    source: 'shop-api-4242-0',
    message: { type: 'snapshot', now: SNAPSHOT_NOW + 200, tables: tablesOf(snapshotOf()) },
    receivedAt: SNAPSHOT_NOW + 200,
  })
  assert.equal(twice.history['shop-api-4242-0']!.at(-1)!.at, SNAPSHOT_NOW, 'a message within the same second adds none')
})

test('a delta changes rows, removes rows and leaves the rest', () => {
  const before = watched({ seconds: 1 })
  const block = { ...before.tables.blocks[1]!, duration: 9000 }
  const state = reduce(before, {
    type: 'message',
    source: 'shop-api-4242-0',
    message: {
      type: 'delta',
      now: SNAPSHOT_NOW + 500,
      tables: { blocks: { set: [block], gone: [before.tables.blocks[0]!.id] } },
    },
    receivedAt: SNAPSHOT_NOW + 500,
  })
  assert.deepEqual(state.tables.blocks, [block])
  assert.equal(state.tables.routes, before.tables.routes)
})

test('an instance that two sources report is one', () => {
  const state = watched({ seconds: 1, ids: ['a', 'b'] })
  const again = reduce(state, {
    type: 'message',
    source: 'b',
    message: { type: 'snapshot', now: SNAPSHOT_NOW, tables: tablesOf(snapshotOf('a')) },
    receivedAt: SNAPSHOT_NOW,
  })
  assert.equal(state.tables.instances.length, 2)
  assert.equal(again.tables.instances.length, 1)
  assert.equal(after(again, { type: 'gone', source: 'a' }, { type: 'gone', source: 'b' }).tables.instances.length, 0)
})

test('frozen, the screen stands still while data keeps arriving', () => {
  const frozen = reduce(watched({ seconds: 3 }), { type: 'freeze' })
  const later = reduce(frozen, {
    type: 'message',
    source: 'shop-api-4242-0',
    message: {
      type: 'delta',
      now: SNAPSHOT_NOW + 5000,
      tables: { tasks: { gone: frozen.tables.tasks.map((row) => row.id) } },
    },
    receivedAt: SNAPSHOT_NOW + 5000,
  })
  assert.equal(shown(later).tables.tasks.length, 3)
  assert.equal(shown(later).now, SNAPSHOT_NOW)
  assert.equal(later.tables.tasks.length, 0)
  assert.equal(shown(reduce(later, { type: 'freeze' })).tables.tasks.length, 0)
})

test('the selection follows its row when the order changes, and stays on its place when told so', () => {
  const moved = after({ ...watched({ seconds: 1 }), view: 'blocks' }, { type: 'move', by: 1, keys: ['a', 'b', 'c'] })
  const place = moved.places.blocks
  assert.equal(selectedIndex(place, ['b', 'c', 'a'], true), 0)
  assert.equal(selectedIndex(place, ['b', 'c', 'a'], false), 1)
  assert.equal(selectedIndex(place, ['c'], true), 0, 'the row is gone: the nearest place')
  assert.equal(selectedIndex(place, [], true), 0)
})

test('the first row stays selected as the worst, whichever row that becomes', () => {
  const state = after(
    { ...watched({ seconds: 1 }), view: 'blocks' },
    { type: 'move', by: 1, keys: ['a', 'b'] },
    { type: 'move', by: -5, keys: ['a', 'b'] },
  )
  assert.equal(selectedIndex(state.places.blocks, ['new', 'a', 'b'], true), 0)
})

test('Esc goes one step out at a time', () => {
  let state = after(
    { ...watched({ seconds: 1 }), view: 'blocks', instance: 'x' },
    { type: 'filter', text: 'report' },
    { type: 'open', keys: ['k'] },
  )
  assert.equal(state.places.blocks.open, 'k')
  state = reduce(state, { type: 'back' })
  assert.deepEqual([state.places.blocks.open, state.places.blocks.filter], [null, 'report'])
  state = reduce(state, { type: 'back' })
  assert.deepEqual([state.places.blocks.filter, state.instance], ['', 'x'])
  state = reduce(state, { type: 'back' })
  assert.deepEqual([state.instance, state.view], [null, 'blocks'])
  state = reduce(state, { type: 'back' })
  assert.equal(state.view, 'overview')
})

test('sorting goes through the columns and back to the own order', () => {
  const columns = ['name', 'age']
  const sort = (state: State) => reduce(state, { type: 'sort', columns })
  const first = sort({ ...watched({ seconds: 1 }), view: 'tasks' })
  assert.equal(first.places.tasks.sort, 'name')
  assert.equal(sort(first).places.tasks.sort, 'age')
  assert.equal(sort(sort(first)).places.tasks.sort, undefined)
})

test('help goes back to where it was opened', () => {
  const state = after({ ...watched({ seconds: 1 }), view: 'pools' }, { type: 'help' })
  assert.equal(state.view, 'help')
  assert.equal(reduce(state, { type: 'help' }).view, 'pools')
  assert.equal(reduce(state, { type: 'back' }).view, 'pools')
})

test('the connection says live, partly, lost, waiting and none', () => {
  const live = watched({ seconds: 1, ids: ['a', 'b'] })
  const lost = (source: string): Event => ({ type: 'lost', source, reason: 'closed', attempt: 1, nobody: false })
  assert.equal(connection(live).kind, 'live')
  assert.equal(connection(reduce(live, lost('a'))).kind, 'partly')
  assert.equal(connection(after(live, lost('a'), lost('b'))).kind, 'lost')
  assert.equal(
    connection(reduce(live, { type: 'tick', now: SNAPSHOT_NOW + 60_000 })).kind,
    'lost',
    'silence is not live',
  )
  assert.equal(connection(reduce(initialState(0), { type: 'connected', source: 'a' })).kind, 'waiting')
  assert.equal(connection(initialState(0)).kind, 'none')
})

test('messages that were left out are counted', () => {
  const skipped: Event = {
    type: 'message',
    source: 'a',
    message: { type: 'skipped', now: 1, messages: 7 },
    receivedAt: 1,
  }
  assert.equal(after(initialState(0), skipped, skipped).sources.a!.skipped, 14)
})
