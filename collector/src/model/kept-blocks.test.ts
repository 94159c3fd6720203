import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { KeptBlocks, type Keepable, type KeepLimits } from './kept-blocks.ts'

let count = 0

function block(fn: string, at: number, duration: number, more: Partial<Keepable> = {}): Keepable {
  return {
    id: String(count++),
    at,
    duration,
    cause: 'js',
    function: fn,
    file: `src/${fn}.js`,
    line: 1,
    column: 1,
    api: null,
    stack: [],
    activity: null,
    route: null,
    trace: null,
    victims: { count: 0, time: 0, byRoute: {} },
    evidence: { samples: 1 },
    ...more,
  }
}

function kept(limits: Partial<KeepLimits> = {}) {
  return new KeptBlocks({ rowsPerCulprit: 4, rows: 1000, culprits: 100, ...limits })
}

const namesOf = (blocks: KeptBlocks): (string | null)[] => blocks.rows().map((row) => row.function)

suite('of a culprit', () => {
  test('the newest rows stay, and the longest of those before', () => {
    const blocks = kept()
    for (const [i, duration] of [10, 90, 20, 80, 30, 40, 50, 60].entries()) blocks.add(block('a', i, duration))
    assert.deepEqual(
      blocks
        .rows()
        .map((row) => row.duration)
        .sort(),
      [50, 60, 80, 90],
    )
  })

  test('count, sum, longest and median are of all its blocks, and of those that are not added yet', () => {
    const blocks = kept()
    for (let i = 0; i < 1000; i++) blocks.add(block('a', i * 60, 20 + (i % 10)))
    const [row] = blocks.culprits('one', [block('a', 99_000, 31)])
    const total = 1000 * 24.5 + 31
    assert.deepEqual([row!.count, row!.total, row!.max, row!.lastAt], [1001, total, 31, 99_031])
    assert.ok(Math.abs(row!.p50 - 24.5) < 24.5 * 0.06, String(row!.p50))
    assert.equal(blocks.culprits('one', [])[0]!.count, 1000, 'those count once')
  })

  test('victims are summed over rows that stay and rows that went, and late ones too', () => {
    const blocks = kept({ rowsPerCulprit: 2 })
    const victims = () => ({ count: 1, time: 5, exact: 2, byRoute: { 'GET /cart': 1 } })
    const all = Array.from({ length: 5 }, (_, i) => block('a', i, 10, { victims: victims() }))
    for (const one of all) blocks.add(one)
    const dropped = all.find((one) => !blocks.rows().includes(one))!
    const stays = all.find((one) => blocks.rows().includes(one))!
    stays.victims.count++
    blocks.late(stays, 'GET /late', 7, 7)
    blocks.late(dropped, 'GET /late', 7, 7)
    const [row] = blocks.culprits('one', [])
    assert.deepEqual(row!.victims, { count: 7, time: 32, exact: 17, byRoute: { 'GET /cart': 5, 'GET /late': 1 } })
  })

  test('function, line and route make it one; without a function the cause does; allowed ones are apart', () => {
    const blocks = kept()
    blocks.add(block('a', 1, 10))
    blocks.add(block('a', 2, 10, { cause: 'sync-call' }))
    blocks.add(block('a', 3, 10, { route: 'GET /' }))
    blocks.add(block('a', 4, 10, { line: 2 }))
    blocks.add(block('a', 5, 10, { allowed: 'import' }))
    for (const cause of ['gc', 'unknown'] as const) blocks.add(block('', 6, 10, { function: null, file: null, cause }))
    const rows = blocks.culprits('one', [])
    assert.deepEqual(
      rows.map((row) => row.count),
      [2, 1, 1, 1, 1, 1],
    )
    assert.equal(new Set(rows.map((row) => row.id)).size, 6)
  })

  test('what late evidence changes in a block is in its row, not in whose it is', () => {
    const blocks = kept()
    const one = block('a', 1, 10)
    blocks.add(one)
    Object.assign(one, { function: null, cause: 'suspended' })
    blocks.late(one, 'GET /', 1, 0)
    const rows = blocks.culprits('one', [])
    assert.deepEqual(
      rows.map((row) => [row.function, row.cause, row.count]),
      [[null, 'suspended', 1]],
    )
  })
})

suite('of many culprits', () => {
  test('a noisy one never pushes out the rows of a rare one', () => {
    const blocks = kept({ rows: 12 })
    blocks.add(block('rare', 0, 20))
    for (let i = 1; i < 5000; i++) for (const name of ['a', 'b', 'c']) blocks.add(block(name, i, 50))
    assert.equal(blocks.rows().length, 12)
    assert.ok(namesOf(blocks).includes('rare'))
  })

  test('when there are too many, the least harmful leaves, and its numbers go to the others: sums stay exact', () => {
    const blocks = kept({ culprits: 3 })
    const harmless = block('harmless', 1, 30)
    blocks.add(block('long', 0, 500))
    blocks.add(harmless)
    blocks.add(block('victims', 2, 20, { victims: { count: 9, time: 900, byRoute: { 'GET /': 9 } } }))
    blocks.add(block('new', 3, 10))
    assert.deepEqual(namesOf(blocks).sort(), ['long', 'new', 'victims'])
    blocks.late(harmless, 'GET /', 15, 0)
    blocks.add(block('newer', 4, 10))
    const rows = blocks.culprits('one', [])
    const others = rows.find((row) => row.others !== undefined)!
    assert.deepEqual([others.others, others.count, others.total, others.max], [2, 2, 40, 30])
    assert.deepEqual([others.firstAt, others.lastAt, others.victims.count], [1, 31, 1])
    assert.equal(
      rows.reduce((sum, row) => sum + row.count, 0),
      5,
    )
    assert.equal(
      rows.reduce((sum, row) => sum + row.total, 0),
      570,
    )
  })

  test('harm of long ago weighs less than harm of now', () => {
    const blocks = kept({ culprits: 2 })
    const hour = 3_600_000
    blocks.add(block('yesterday', 0, 500))
    blocks.add(block('today', 24 * hour, 50))
    blocks.add(block('now', 24 * hour + 1, 20))
    assert.deepEqual(namesOf(blocks).sort(), ['now', 'today'])
  })

  test('a thousand different ones use no more than the limits', () => {
    const blocks = new KeptBlocks()
    for (let i = 0; i < 1000; i++) for (let j = 0; j < 3; j++) blocks.add(block(`f${i}`, i * 10 + j, 20))
    const rows = blocks.culprits('one', [])
    assert.deepEqual([rows.length, blocks.rows().length], [101, 300])
    assert.equal(
      rows.reduce((sum, row) => sum + row.count, 0),
      3000,
    )
  })
})
