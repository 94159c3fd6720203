import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyMessage, emptyTables, TABLES, type Delta, type Tables } from '../protocol/index.ts'
import { snapshotOf } from '../testing/snapshot.ts'
import { TableHistory } from './delta.ts'

function tablesOf(id?: string): Tables {
  const snapshot = snapshotOf(id)
  return Object.fromEntries(TABLES.map((name) => [name, snapshot[name]])) as unknown as Tables
}

test('the first delta is everything, the second one of the same tables nothing', () => {
  const history = new TableHistory()
  const first = JSON.parse(history.advance(tablesOf())) as Delta
  assert.deepEqual(first.routes, { set: tablesOf().routes })
  assert.deepEqual(Object.keys(first).sort(), [...TABLES].sort())
  assert.equal(history.advance(tablesOf()), '{}')
})

test('a delta has the rows that changed or came, and the keys of those that went', () => {
  const history = new TableHistory()
  history.advance(tablesOf())
  const next = structuredClone(tablesOf())
  next.routes[0]!.inFlight = 3
  next.tasks = [...next.tasks.slice(1), { ...next.tasks[0]!, id: 'new' }]
  const delta = JSON.parse(history.advance(next)) as Delta
  assert.deepEqual(delta, {
    routes: { set: [next.routes[0]] },
    tasks: { set: [next.tasks.at(-1)], gone: [tablesOf().tasks[0]!.id] },
  })
})

test('a reader that applies every delta holds what the source holds', () => {
  const history = new TableHistory()
  let held = emptyTables()
  const steps = [tablesOf('a'), emptyTables(), tablesOf('b'), { ...tablesOf('b'), hot: tablesOf('b').hot.slice(1) }]
  for (const tables of steps) {
    held = applyMessage(held, { type: 'delta', now: 1, tables: JSON.parse(history.advance(tables)) as Delta })
    assert.deepEqual(held, tables)
    assert.deepEqual(JSON.parse(history.whole()), tables)
  }
})
