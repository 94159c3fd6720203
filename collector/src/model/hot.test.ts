import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame } from '../protocol/rows.ts'
import { randomFrom } from '../testing/random.ts'
import { HotModel } from './hot.ts'

function stack(name: string, line = 1, called?: Frame): Frame[] {
  const own = { function: name, file: `src/${name}.js`, line, column: 1, async: false }
  return called ? [called, own] : [own]
}

const READ: Frame = { function: 'readFileSync', file: 'node:fs', line: 441, column: 1, async: false }

test('shares are those of the samples, their time is that share of the busy time', () => {
  const hot = new HotModel()
  for (let i = 0; i < 100; i++) hot.add(i, 'GET /a', i % 4 === 0 ? stack('light') : stack('heavy'))
  const rows = hot.rows(0, 2000, 'one')
  assert.deepEqual(
    rows.map((row) => [row.function, row.samples, row.share, row.time]),
    [
      ['heavy', 75, 0.75, 1500],
      ['light', 25, 0.25, 500],
    ],
  )
  assert.ok(Math.abs(rows[0]!.error - Math.sqrt((0.75 * 0.25) / 100)) < 1e-12)
})

test('the error that is stated holds the truth as often as a standard error does', () => {
  const random = randomFrom(42)
  let within = 0
  const rounds = 300
  for (let round = 0; round < rounds; round++) {
    const hot = new HotModel()
    for (let i = 0; i < 200; i++) hot.add(i, null, random() < 0.3 ? stack('third') : stack('rest'))
    const row = hot.rows(0, 1, 'one').find((row) => row.function === 'third')!
    if (Math.abs(row.share - 0.3) <= row.error) within++
  }
  // 68 % of a normal distribution.
  assert.ok(within / rounds > 0.58 && within / rounds < 0.78, `${within} of ${rounds}`)
})

test('rows are by function, line and route', () => {
  const hot = new HotModel()
  hot.add(1, 'GET /a', stack('work', 5))
  hot.add(2, 'GET /b', stack('work', 5))
  hot.add(3, 'GET /b', stack('work', 6))
  hot.add(4, null, stack('work', 6))
  assert.equal(hot.rows(0, 4, 'one').length, 4)
  assert.deepEqual(Object.fromEntries(hot.byRoute(0, 4)), { 'GET /a': 1, 'GET /b': 2 })
})

test('a window takes the samples since its begin', () => {
  const hot = new HotModel()
  hot.add(100, null, stack('early'))
  hot.add(200, null, stack('late'))
  assert.deepEqual(hot.rows(150, 1, 'one').map((row) => row.function), ['late'])
  assert.deepEqual(hot.rows(300, 1, 'one'), [])
})

test('a sample with nothing on the stack was idle after all', () => {
  const hot = new HotModel()
  hot.add(1, null, [])
  assert.deepEqual(hot.rows(0, 1, 'one'), [])
})

test('the share of synchronous calls is not said of a few samples', () => {
  const hot = new HotModel()
  for (let i = 0; i < 19; i++) hot.add(i, null, stack('load', 3, READ))
  assert.equal(hot.syncCallShare(0), undefined)
  hot.add(19, null, stack('spin'))
  assert.equal(hot.syncCallShare(0), 0.95)
})

test('samples older than a quarter of an hour are let go, and there is a limit to them', () => {
  const hot = new HotModel()
  for (let at = 0; at < 25 * 60_000; at += 50) hot.add(at, null, stack('work'))
  const kept = hot.rows(0, 1, 'one')[0]!.samples
  assert.ok(kept >= 18_000 && kept <= 19_800, `${kept} samples`)
})
