import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { snapshotOf } from '../testing/snapshot.ts'
import { ROW_KEY, TABLES, type TableName, type Tables } from './rows.ts'
import { applyMessage, emptyTables, parseStreamMessage, STREAM_VERSION, type StreamMessage } from './stream.ts'

function tablesOf(id: string): Tables {
  const snapshot = snapshotOf(id)
  return Object.fromEntries(TABLES.map((name) => [name, snapshot[name]])) as unknown as Tables
}

suite('a reader', () => {
  test('holds what the last snapshot said', () => {
    const before = applyMessage(emptyTables(), { type: 'snapshot', now: 1, tables: tablesOf('a') })
    const after = applyMessage(before, { type: 'snapshot', now: 2, tables: tablesOf('b') })
    assert.deepEqual(after, tablesOf('b'))
  })

  test('of a snapshot that lacks a table has it empty', () => {
    const { loop: _loop, ...rest } = tablesOf('a')
    const tables = applyMessage(emptyTables(), { type: 'snapshot', now: 1, tables: rest as Tables })
    assert.deepEqual(tables.loop, [])
    assert.ok(tables.blocks.length > 0)
  })

  test('sets and removes rows by a delta, each table by its key; rows keep their order', () => {
    const tables = applyMessage(emptyTables(), { type: 'snapshot', now: 1, tables: tablesOf('a') })
    const [first, second] = tables.blocks
    const changed = { ...second!, duration: 999 }
    const added = { ...first!, id: 'new' }
    const delta: StreamMessage = {
      type: 'delta',
      now: 2,
      tables: { blocks: { gone: [first!.id], set: [changed, added] } },
    }
    const next = applyMessage(tables, delta)
    assert.deepEqual(
      next.blocks.map((row) => [row.id, row.duration]),
      [
        [second!.id, 999],
        ['new', first!.duration],
      ],
    )
    assert.equal(next.routes, tables.routes, 'other tables are the same objects')
    assert.deepEqual(applyMessage(next, delta).blocks, next.blocks, 'twice is once')
  })

  test('is not changed by what is not about tables', () => {
    const tables = tablesOf('a')
    assert.equal(applyMessage(tables, { type: 'skipped', now: 1, messages: 3 }), tables)
    assert.equal(applyMessage(tables, { type: 'bye', now: 1, reason: 'x' }), tables)
    assert.equal(applyMessage(tables, { type: 'hello', version: 1, agent: 'x', now: 1, intervalMs: 250 }), tables)
  })

  test('tells rows apart: no two of a table have the same key', () => {
    const tables = tablesOf('a')
    for (const name of TABLES) {
      const keys = (tables[name] as never[]).map(ROW_KEY[name as TableName] as (row: never) => string)
      assert.equal(new Set(keys).size, keys.length, name)
    }
  })
})

suite('what came over the wire', () => {
  test('is a message', () => {
    const message = { type: 'snapshot', now: 1, tables: tablesOf('a') }
    assert.deepEqual(parseStreamMessage(JSON.stringify(message)), JSON.parse(JSON.stringify(message)))
    for (const text of ['{"type":"bye","now":1,"reason":"x"}', '{"type":"skipped","now":1,"messages":2}']) {
      assert.ok(!('error' in parseStreamMessage(text)))
    }
  })

  for (const [text, error] of [
    ['', 'not JSON'],
    ['[]', 'not an object'],
    ['null', 'not an object'],
    ['{"type":"snapshot"}', 'snapshot without tables'],
    ['{"type":"delta","tables":null}', 'delta without tables'],
    ['{"type":"hello"}', 'hello without a version'],
    ['{"type":"later"}', 'unknown message type "later"'],
    [
      `{"type":"hello","version":${STREAM_VERSION + 1}}`,
      `the stream speaks version ${STREAM_VERSION + 1}, this reader ${STREAM_VERSION}: update loopscope`,
    ],
  ]) {
    test(`or is refused: ${text || '(nothing)'}`, () => assert.deepEqual(parseStreamMessage(text!), { error }))
  }
})
