import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sampledProfile } from '../../../collector/src/testing/profile.ts'
import { paint } from '../screen/paint.ts'
import type { FlameEvent } from '../state/flame.ts'
import { reduce, type Event } from '../state/reduce.ts'
import type { State } from '../state/state.ts'
import { ASCII } from '../text/glyphs.ts'
import { widthOf } from '../text/width.ts'
import { matchesGolden, screenText } from '../testing/golden.ts'
import { LOOK, watched } from '../testing/scene.ts'
import { textOf, type Size } from './line.ts'
import { sceneOf, screenful, type Look } from './screenful.ts'

// Times of day are on the screens.
process.env.TZ = 'UTC'

const SMALL: Size = { columns: 80, rows: 24 }
const LARGE: Size = { columns: 140, rows: 40 }
const golden = (name: string) => new URL(`golden/${name}.txt`, import.meta.url)
const after = (state: State, ...events: Event[]) => events.reduce(reduce, state)
const draw = (state: State, size: Size, look: Look = LOOK) => screenText(screenful(state, size, look))
const move = (...moves: ('up' | 'down' | 'left' | 'right')[]): FlameEvent[] =>
  moves.map((one) => ({ type: 'flame-move', move: one }))
const come: FlameEvent = { type: 'stacks', last: 60, items: [sampledProfile('shop-api-4242-0')], elsewhere: [] }

/** Opened at the row with this number in the table. */
function opened(row = 0): State {
  const state: State = { ...watched(), view: 'hot' }
  const { rows } = sceneOf(state, SMALL, LOOK)
  return after(state, { type: 'move', by: row, keys: rows }, { type: 'open', keys: rows })
}

suite('the flame graph on screen', () => {
  test('at 80x24', () => matchesGolden(golden('flame-80x24'), draw(after(opened(), come), SMALL)))
  test('at 140x40, zoomed into a route, all its frames', () => {
    const state = after(opened(1), come, ...move('up', 'up'), { type: 'flame-zoom' }, { type: 'flame-everything' })
    matchesGolden(golden('flame-140x40'), draw(state, LARGE))
  })
  test('inverted, in ASCII', () => {
    const text = draw(after(opened(), come, { type: 'flame-invert' }), SMALL, { ...LOOK, glyphs: ASCII })
    matchesGolden(golden('flame-ascii'), text)
    assert.match(text, /^[\x20-\x7e\n]*$/)
  })
})

test('it fills every size exactly, however deep and narrow', () => {
  const deep = sampledProfile('a')
  const frames = Array.from({ length: 90 }, (_, i) => ({ ...deep.frames[1]!, function: `level${i}`, line: i }))
  const narrow = Array.from({ length: 400 }, (_, i) => ({ frames: [i % 90], route: `GET /${i}`, samples: 1, time: 1 }))
  const items = [
    {
      ...deep,
      frames,
      stacks: [{ frames: frames.map((_, i) => i), route: 'GET /deep', samples: 90, time: 400 }, ...narrow],
    },
  ]
  const states = [
    opened(),
    after(opened(), come),
    after(opened(), { ...come, items }, ...move(...Array(60).fill('down'))),
  ]
  for (const size of [SMALL, LARGE, { columns: 97, rows: 31 }]) {
    for (const state of states) {
      const lines = screenful(state, size, LOOK)
      assert.equal(lines.length, size.rows)
      for (const line of lines) assert.equal(widthOf(textOf(line)), size.columns, textOf(line))
    }
  }
  const cursor = draw(states[2]!, SMALL)
  assert.match(cursor, /level59 /, 'the chosen frame is on screen')
  assert.match(cursor, /more below/)
})

test('it opens at the row, and says of the chosen frame what the table says', () => {
  const text = draw(after(opened(0), come), LARGE)
  assert.match(
    text,
    /hashPassword {2}src\/report\.ts:41\n {2}48% ±3\.1 {3}3\.4s in all, 57ms of each second {3}itself 0ms {3}120 samples/,
  )
  assert.match(text, /GET \/report > async getReport\n/)
})

test('a frame that is too narrow for the screen is there when it is chosen', () => {
  const profile = sampledProfile('a')
  const thin = { frames: [0], route: 'GET /thin', samples: 1, time: 0.001 }
  const items = [{ ...profile, stacks: [...profile.stacks, thin] }]
  const state = after(opened(), { ...come, items }, ...move('up', 'up', 'right', 'right', 'right', 'right'))
  const lines = screenful(state, SMALL, LOOK)
  assert.ok(lines[2]!.segments.some((piece) => piece.tone === 'chosen' && piece.text.length === 1))
  assert.match(screenText(lines), /GET \/thin\n/)
})

test('kinds of frames are told apart by colour, frames by an edge, the chosen one also without colour', () => {
  const [, , routes] = screenful(after(opened(), come, ...move('up', 'up')), SMALL, LOOK)
  const coloured = paint(routes!, { colour: true, ascii: false })
  assert.match(coloured, /\x1b\[1;38;5;16;48;5;231m▏GET \/report/)
  assert.match(coloured, /\x1b\[38;5;16;48;5;110m▏POST \/coupon/)
  assert.match(paint(routes!, { colour: false, ascii: true }), /\x1b\[1;7m\?GET \/report/)
})

test('it says why there is nothing: not yet, nothing sampled, not of this route, elsewhere, not answered', () => {
  const line = (...events: Event[]) =>
    draw(after(opened(), ...events), LARGE)
      .split('\n')[3]!
      .trim()
  assert.equal(line(), 'the stacks are on their way')
  assert.equal(
    line({ ...come, items: [] }),
    'no sample was taken in the last 1m00s: the sampler looks only while the loop is busy',
  )
  const elsewhere = [{ instance: 'b', service: 'shop-api', pid: 77, host: 'shop-1' }]
  assert.equal(line({ ...come, items: [], elsewhere }), 'the samples are in another process: loopscope top 77')
  assert.equal(
    line({ type: 'stacks-failed', last: 60, problem: 'cannot reach it: try later' }),
    'cannot reach it: try later',
  )
  const none = { ...sampledProfile('a'), stacks: [] }
  assert.equal(
    line(come, { type: 'flame-route' }, { ...come, items: [none] }),
    'no sample of GET /report in this time   (R: all routes)',
  )
})

test('what is not in it, and figures that are old, are said beside the title', () => {
  const elsewhere = [{ instance: 'b', service: 'shop-api', pid: 77, host: 'shop-1' }]
  assert.match(draw(after(opened(), { ...come, elsewhere }), SMALL).split('\n')[1]!, /without pid 77/)
  const old = after(opened(), come, { type: 'stacks-failed', last: 60, problem: 'gone' })
  assert.match(draw(old, SMALL).split('\n')[1]!, /old: gone/)
})

test('Esc goes back zoom by zoom, then to the table; the keys of the graph are in its footer', () => {
  const zoomed = after(opened(), come, ...move('up'), { type: 'flame-zoom' })
  const footer = draw(zoomed, SMALL).trimEnd().split('\n').at(-1)!
  assert.match(footer, /Enter zoom Esc back R route I invert a all w window .*q quit/)
  assert.doesNotMatch(footer, /filter|sort/)
  const graph = reduce(zoomed, { type: 'back' })
  assert.deepEqual(graph.flame?.zoom, [])
  const table = reduce(graph, { type: 'back' })
  assert.equal(table.flame, null)
  assert.match(draw(table, SMALL), /hot {2}4 lines, most time first/)
})
