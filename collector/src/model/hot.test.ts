import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Frame } from '../protocol/rows.ts'
import { randomFrom } from '../testing/random.ts'
import { hotByRoute, hotRows, standardError, syncCallShare } from './hot-rows.ts'
import { HotModel } from './hot.ts'

function stack(name: string, line = 1, called?: Frame): Frame[] {
  const own = { function: name, file: `src/${name}.js`, line, column: 1, async: false }
  return called ? [called, own] : [own]
}

const READ: Frame = { function: 'readFileSync', file: 'node:fs', line: 441, column: 1, async: false }
const near = (actual: number, expected: number, by = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= by, `${actual} for ${expected}`)

suite('shares', () => {
  test('are those of the samples while the loop is sampled evenly; their time is that share of the busy time', () => {
    const hot = new HotModel()
    for (let i = 0; i < 100; i++) hot.add(i, 'GET /a', i % 4 === 0 ? stack('light') : stack('heavy'))
    hot.read(100, 2000)
    const rows = hotRows(hot.window(0), 'one')
    assert.deepEqual(
      rows.map((row) => [row.function, row.samples, row.share, row.time]),
      [
        ['heavy', 75, 0.75, 1500],
        ['light', 25, 0.25, 500],
      ],
    )
    near(rows[0]!.error, Math.sqrt((0.75 * 0.25) / 100), 0.0005)
  })

  test('follow the exact busy time where the sampler was slower for a while', () => {
    const hot = new HotModel()
    // A second of `early` at 20 a second, then one of `late` at 10 a second; both are busy all the time.
    for (let i = 0; i < 20; i++) hot.add(i * 50, null, stack('early'))
    hot.read(1000, 1000)
    for (let i = 0; i < 10; i++) hot.add(1000 + i * 100, null, stack('late'))
    hot.read(2000, 1000)
    const window = hot.window(0)
    assert.deepEqual(
      hotRows(window, 'one').map((row) => [row.function, row.samples, row.share, row.time]),
      [
        ['early', 20, 0.5, 1000],
        ['late', 10, 0.5, 1000],
      ],
    )
    // 30 samples of two weights say less than 30 of one: (Σw)² / Σw².
    near(window.effective, 2000 ** 2 / (20 * 50 ** 2 + 10 * 100 ** 2))
    assert.ok(window.effective < 30)
  })

  test('of a loop that is hardly busy do not hang on the second in which a sample happened to fall', () => {
    const hot = new HotModel()
    // 40 ms in each second; a sample in every second one.
    for (let second = 0; second < 30; second++) {
      if (second % 2 === 0) hot.add(second * 1000 + 500, null, stack(second % 4 === 0 ? 'a' : 'b'))
      hot.read((second + 1) * 1000, 40)
    }
    const window = hot.window(0)
    assert.equal(window.samples, 15)
    near(window.busy, 30 * 40)
    assert.ok(window.effective > 12, `${window.effective} of 15`)
  })

  test('count a turn that lasts, though no reading has its busy time yet', () => {
    const hot = new HotModel()
    for (let i = 0; i < 20; i++) hot.add(i * 50, 'GET /a', stack('before'))
    hot.read(1000, 1000)
    for (let i = 0; i < 60; i++) hot.add(1010 + i * 50, 'GET /b', stack('blocks'))
    hot.read(1000, 0) // the turn has not ended
    assert.deepEqual(Object.fromEntries(hotByRoute(hot.window(0))), { 'GET /a': 1000 })
    hot.read(1000, 0, 3000)
    const [first] = hotRows(hot.window(0), 'one')
    assert.deepEqual([first!.function, first!.time, first!.share], ['blocks', 3000, 0.75])
    assert.deepEqual(Object.fromEntries(hot.onLoopTotals), { 'GET /a': 1000 }, 'totals wait for its end')
    hot.read(4100, 3100)
    near(hotByRoute(hot.window(0)).get('GET /b')!, 3100)
    near(hot.onLoopTotals.get('GET /b')!, 3100)
  })

  test('are not sure because there is one sample alone', () => {
    const hot = new HotModel()
    hot.add(1, null, stack('work'))
    hot.read(2, 1)
    const [row] = hotRows(hot.window(0), 'one')
    assert.equal(row!.share, 1)
    assert.ok(row!.error > 0.2, `${row!.error}`)
    near(standardError(0.3, 1e6), Math.sqrt((0.3 * 0.7) / 1e6), 1e-8)
  })

  test('count alike before the first reading of the busy time', () => {
    const hot = new HotModel()
    hot.add(1, null, stack('work'))
    hot.read(0, 0, 0)
    assert.equal(hot.window(0).samples, 0, 'a sample waits for the reading that covers it')
    hot.read(2, 0)
    const [row] = hotRows(hot.window(0), 'one')
    assert.deepEqual([row!.samples, row!.share, row!.time], [1, 1, 0])
  })

  test('have an error that holds the truth as often as a standard error does, also with unequal weights', () => {
    const random = randomFrom(42)
    let within = 0
    const rounds = 400
    for (let round = 0; round < rounds; round++) {
      const hot = new HotModel()
      let at = 0
      for (let second = 1; second <= 12; second++) {
        const perSecond = second % 2 === 0 ? 20 : 10 // the rate changes, the work does not
        for (let i = 0; i < perSecond; i++)
          hot.add((at += 1000 / perSecond), null, stack(random() < 0.3 ? 'third' : 'rest'))
        hot.read(second * 1000 + 1, 1000)
      }
      const row = hotRows(hot.window(0), 'one').find((row) => row.function === 'third')!
      if (Math.abs(row.share - 0.3) <= row.error) within++
    }
    // 68 % of a normal distribution.
    assert.ok(within / rounds > 0.6 && within / rounds < 0.76, `${within} of ${rounds}`)
  })
})

test('rows are by function, line and route', () => {
  const hot = new HotModel()
  hot.add(1, 'GET /a', stack('work', 5))
  hot.add(2, 'GET /b', stack('work', 5))
  hot.add(3, 'GET /b', stack('work', 6))
  hot.add(4, null, stack('work', 6))
  hot.read(5, 4)
  const window = hot.window(0)
  assert.equal(hotRows(window, 'one').length, 4)
  assert.deepEqual(Object.fromEntries(hotByRoute(window)), { 'GET /a': 1, 'GET /b': 2 })
})

test('a window takes the samples since its begin, with the time that each stands for', () => {
  const hot = new HotModel()
  for (let i = 0; i < 10; i++) hot.add(i * 100, null, stack('early'))
  hot.read(1000, 500)
  for (let i = 0; i < 10; i++) hot.add(1000 + i * 100, null, stack('late'))
  hot.read(2000, 1000)
  const late = hot.window(1500)
  assert.deepEqual([late.since, late.until, late.samples, late.busy], [1500, 2000, 5, 500])
  assert.deepEqual(
    hotRows(late, 'one').map((row) => row.function),
    ['late'],
  )
  assert.deepEqual(late.timeline.at, [1500, 1600, 1700, 1800, 1900])
  assert.equal(hot.window(0).busy, 1500)
  assert.deepEqual(hotRows(hot.window(3000), 'one'), [])
})

test('a sample with nothing on the stack was idle after all', () => {
  const hot = new HotModel()
  hot.add(1, null, [])
  hot.read(2, 1)
  assert.deepEqual(hotRows(hot.window(0), 'one'), [])
})

test('the share of synchronous calls is not said of a few samples', () => {
  const hot = new HotModel()
  for (let i = 0; i < 19; i++) hot.add(i, null, stack('load', 3, READ))
  hot.read(19, 190)
  assert.equal(syncCallShare(hot.window(0)), undefined)
  hot.add(19, null, stack('spin'))
  hot.read(20, 10)
  near(syncCallShare(hot.window(0))!, 0.95)
})

suite('what is kept', () => {
  /** Twenty samples a second, of a server with some hundred different stacks. */
  function fill(hot: HotModel, minutes: number, stackOf: (i: number) => Frame[]): void {
    let i = 0
    for (let second = 1; second <= minutes * 60; second++) {
      for (let n = 0; n < 20; n++) hot.add((second - 1) * 1000 + n * 50, `GET /${i % 7}`, stackOf(i++))
      hot.read(second * 1000, 900)
    }
  }
  const deep = (leaf: number): Frame[] =>
    Array.from({ length: 12 }, (_, depth) => stack(depth === 0 ? `leaf${leaf}` : `frame${depth}`)[0]!)

  test('is a quarter of an hour, in less than half a megabyte', (t) => {
    const hot = new HotModel()
    fill(hot, 25, (i) => deep(i % 300))
    const { samples, busy, since, until } = hot.window(0)
    assert.ok(samples >= 18_000 && samples <= 18_021, `${samples} samples`)
    near(busy, 15 * 60 * 900, 1000)
    near(until - since, 15 * 60_000, 1100)
    t.diagnostic(`${hot.bytes} bytes for ${samples} samples: ${(hot.bytes / samples).toFixed(1)} bytes each`)
    assert.ok(hot.bytes < 500_000, `${hot.bytes} bytes`)
  })

  test('has a limit where every stack is another one: the oldest go first', (t) => {
    const hot = new HotModel()
    const distinct = (i: number): Frame[] => Array.from({ length: 12 }, (_, depth) => stack('f', i * 12 + depth)[0]!)
    fill(hot, 8, distinct)
    const window = hot.window(0)
    t.diagnostic(`${hot.bytes} bytes for ${window.samples} samples`)
    assert.ok(hot.bytes < 4_000_000, `${hot.bytes} bytes`)
    assert.equal(window.samples, Math.floor(65_536 / 12))
    assert.deepEqual(window.stacks.at(-1)!.frames, distinct(8 * 60 * 20 - 1))
    near(window.busy, window.samples * 45, 1)
  })

  test('gives a stack back frame by frame, async frames too', () => {
    const hot = new HotModel()
    const frames = [READ, ...stack('load'), { ...stack('handler', 9)[0]!, async: true }]
    hot.add(1, 'GET /a', frames)
    hot.add(
      2,
      'GET /a',
      frames.map((frame) => ({ ...frame })),
    )
    hot.read(3, 2)
    const { stacks } = hot.window(0)
    assert.deepEqual(stacks, [{ frames, route: 'GET /a', samples: 2, time: 2 }])
  })
})
