/** The judge itself: made-up truths and rows, each with one thing right or wrong. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { BlockRow } from '@loopscope/collector/protocol'
import { compare, type Expectation, type Planted, type Truth, type Turn } from './compare.ts'
import { byLength, extrasOf, faults, rowOf } from './figures.ts'
import { makePlan, seeded } from './plan.ts'

const expectation: Expectation = {
  functions: ['spin'],
  file: 'kinds.js',
  lines: [3, 4],
  api: '^JSON\\.parse$',
  package: null,
  frames: ['spin', 'middle', 'outer'],
  causes: ['js'],
  sleeps: false,
  route: 'GET /loop/:ms',
}

function truthOf(planted: Partial<Planted>[], turns: Partial<Turn>[] = [], more: Partial<Truth> = {}): Truth {
  return {
    threadId: 0,
    kinds: { loop: expectation },
    planted: planted.map((one) => ({
      kind: 'loop',
      wanted: 30,
      start: 1000,
      end: 1030,
      until: 1030,
      runDelay: 0,
      awaited: false,
      decoy: false,
      ...one,
    })),
    turns: turns.map((one) => ({ from: 990, to: 1031, busy: 31, cpu: null, runDelay: 0, ...one })),
    collections: [],
    ...more,
  }
}

const frame = (name: string, async = false) => ({ function: name, file: 'kinds.js', line: 3, column: 1, async })

function rowOfBlock(some: Partial<BlockRow> = {}): BlockRow {
  return {
    id: '1',
    instance: 'host:7',
    thread: 'main',
    at: 1000.5,
    duration: 30.4,
    cause: 'js',
    function: 'spin',
    file: 'kinds.js',
    line: 3,
    column: 5,
    api: 'JSON.parse',
    stack: [frame('spin'), frame('middle'), frame('outer', true)],
    activity: null,
    route: 'GET /loop/:ms',
    trace: null,
    victims: { count: 0, time: 0, byRoute: {} },
    evidence: { samples: 2 },
    ...some,
  }
}

suite('comparing blocks with the truth', () => {
  test('a row that says all as it was has no fault', () => {
    const comparison = compare(truthOf([{}], [{}]), [rowOfBlock()], 20)
    assert.deepEqual(faults([comparison]), [])
    const { recall, named, frames } = rowOf('', comparison.found)
    assert.deepEqual([recall, named, frames], Array(3).fill({ right: 1, of: 1 }))
  })

  for (const [what, wrong] of [
    ['function', { function: 'end' }],
    ['line', { line: 5 }],
    ['line', { file: 'other.js' }],
    ['route', { route: null }],
    ['api', { api: null }],
    ['cause', { cause: 'gc' }],
    ['frames', { stack: [frame('spin'), frame('outer')] }],
    ['duration', { duration: 27 }],
    ['duration', { duration: 33 }],
  ] as const) {
    test(`${what}: ${JSON.stringify(wrong).slice(0, 40)} is a fault`, () => {
      const [fault] = faults([compare(truthOf([{}], [{}]), [rowOfBlock(wrong as Partial<BlockRow>)], 20)])
      assert.ok(fault?.split(':')[0]!.includes(what), fault)
    })
  }

  test('a block over the threshold without a row is missed, one under it is not', () => {
    const { found } = compare(truthOf([{}]), [], 20)
    assert.deepEqual(rowOf('', found).recall, { right: 0, of: 1 })
    assert.match(faults([{ found, extras: [] }])[0]!, /^missed: loop 30\.0 ms/)
    assert.deepEqual(rowOf('', compare(truthOf([{}]), [], 50).found).recall, { right: 0, of: 0 })
  })

  test('a row of the same turn in another place is found, and says how far off it is', () => {
    const { found } = compare(truthOf([{}], [{ to: 1100, busy: 31 }]), [rowOfBlock({ at: 1069, duration: 30 })], 20)
    assert.equal(found[0]!.beginError, 69)
  })

  test('a row where nothing was is false, one that a long turn bears out is not', () => {
    const away = rowOfBlock({ id: '2', at: 2000, duration: 25 })
    assert.equal(extrasOf([compare(truthOf([{}], [{}]), [rowOfBlock(), away], 20)]).false, 1)
    const turn = { from: 1999, to: 2026, busy: 26 }
    const { false: invented, other } = extrasOf([compare(truthOf([{}], [{}, turn]), [rowOfBlock(), away], 20)])
    assert.deepEqual([invented, other], [0, 1])
  })

  test('who is blamed while the system was at fault is wronged, planted or not; no name is no fault then', () => {
    const starved = { runDelay: 28 }
    const blamed = compare(truthOf([{}], [starved]), [rowOfBlock()], 20)
    assert.equal(extrasOf([blamed]).wronged, 1)
    const unnamed = compare(
      truthOf([{}], [starved]),
      [rowOfBlock({ cause: 'cpu-starved', function: null, file: null, line: null, api: null })],
      20,
    )
    assert.deepEqual(faults([unnamed]), [])
    const away = rowOfBlock({ id: '2', at: 2000, duration: 25 })
    const stopped = compare(truthOf([{}], [{}, { from: 1999, to: 2026, busy: 26 }]), [rowOfBlock(), away], 20, [
      { from: 2001, to: 2024 },
    ])
    assert.equal(extrasOf([stopped]).wronged, 1)
  })

  test('what was neither on a processor nor ready for one was taken away, unless its kind sleeps', () => {
    const stolen = truthOf([{}], [{ cpu: 3 }])
    assert.equal(extrasOf([compare(stolen, [rowOfBlock()], 20)]).wronged, 1)
    const sleeping = { ...stolen, kinds: { loop: { ...expectation, sleeps: true } } }
    assert.deepEqual(faults([compare(sleeping, [rowOfBlock()], 20)]), [])
  })

  test('a row may span two turns of the program', () => {
    const away = rowOfBlock({ id: '2', at: 2000, duration: 30 })
    const turns = [{}, { from: 1999, to: 2018, busy: 19 }, { from: 2018, to: 2031, busy: 13 }]
    assert.equal(extrasOf([compare(truthOf([{}], turns), [rowOfBlock(), away], 20)]).false, 0)
  })

  test('rows of other threads and of start-up are left out', () => {
    const rows = [
      rowOfBlock(),
      rowOfBlock({ id: '2', instance: 'host:7.2' }),
      rowOfBlock({ id: '3', at: 500, duration: 400 }),
    ]
    assert.equal(compare(truthOf([{}], [{}]), rows, 20).extras.length, 0)
    assert.equal(compare(truthOf([{}], [{}], { threadId: 2 }), rows, 20).found[0]!.row!.id, '2')
  })
})

test('a plan has every kind in every class of length, in the same random order for the same seed', () => {
  const plan = makePlan(['a', 'b'], 2, seeded(1))
  assert.deepEqual(plan, makePlan(['a', 'b'], 2, seeded(1)))
  assert.notDeepEqual(plan, makePlan(['a', 'b'], 2, seeded(2)))
  assert.equal(plan.length, 28)
  for (const kind of ['a', 'b']) {
    const found = plan
      .filter((one) => one.kind === kind)
      .map(({ ms }) => compare(truthOf([{ end: 1000 + ms }]), [], 1).found[0]!)
    assert.ok(byLength(found).every(({ planted }) => planted > 0))
  }
})
