import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bar, divide, sparkline, tallSparkline } from './charts.ts'
import { ASCII, glyphsFor, UTF8 } from './glyphs.ts'

test('a sparkline holds two values in a cell, the newest at its right end', () => {
  assert.equal(sparkline([0, 25, 50, 75, 100, 100], 3, 100, UTF8), '⣀⣴⣿')
  assert.equal(sparkline([100], 3, 100, UTF8), '⠀⠀⢸')
  assert.equal(sparkline([1, 2, 3, 4, 5, 6, 100, 100], 1, 100, UTF8), '⣿', 'only the last two fit')
})

test('a gap in the data is a gap on the screen, and nothing overflows the ceiling', () => {
  assert.equal(sparkline([undefined, undefined, 900, Number.NaN], 2, 100, UTF8), '⠀⡇')
  assert.equal(sparkline([5, 5], 1, 0, UTF8), '⣀', 'a ceiling of nothing does not divide by it')
})

test('a tall sparkline fills its rows from the bottom', () => {
  assert.deepEqual(tallSparkline([100, 50, 1], 2, 2, 100, UTF8), ['⢸⠀', '⢸⣇'])
})

test('without UTF-8 the same chart is made of ASCII', () => {
  assert.equal(sparkline([0, 25, 50, 75, 100, 100], 3, 100, ASCII), '.|#')
  assert.match(bar(0.5, 4, ASCII), /^##\.\.$/)
})

test('a bar shows at least one cell for something, and none for nothing', () => {
  assert.equal(bar(0, 4, UTF8), '░░░░')
  assert.equal(bar(0.001, 4, UTF8), '█░░░')
  assert.equal(bar(1, 4, UTF8), '████')
  assert.equal(bar(7, 4, UTF8), '████')
  assert.equal(bar(Number.NaN, 4, UTF8), '░░░░')
})

test('cells are handed out by largest remainder, and their sum is exact', () => {
  assert.deepEqual(divide([1, 1, 1], 4), [2, 1, 1])
  assert.deepEqual(divide([0, 0], 4), [0, 0])
  for (const parts of [
    [3, 5, 9],
    [0.1, 99, 3],
    [1e9, 1, 1],
  ])
    assert.equal(
      divide(parts, 10).reduce((a, b) => a + b),
      10,
    )
})

test('the locale chooses the marks, in the order of the C library', () => {
  assert.equal(glyphsFor({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'linux').name, 'ascii')
  assert.equal(glyphsFor({ LC_CTYPE: 'de_DE.utf8' }, 'linux').name, 'utf8')
  assert.equal(glyphsFor({}, 'linux').name, 'ascii')
  assert.equal(glyphsFor({}, 'darwin').name, 'utf8')
})
