import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { InstanceSnapshot } from '@loopscope/collector/protocol'
import { KEYS } from '../keys.ts'
import { reduce, type Event } from '../state/reduce.ts'
import { VIEW_NAMES, type State } from '../state/state.ts'
import { ASCII } from '../text/glyphs.ts'
import { widthOf } from '../text/width.ts'
import { matchesGolden, screenText } from '../testing/golden.ts'
import { calm, LOOK, watched } from '../testing/scene.ts'
import { paint } from '../screen/paint.ts'
import { VIEWS } from './index.ts'
import { textOf, type Size } from './line.ts'
import { sceneOf, screenful } from './screenful.ts'

// Times of day are on the screens.
process.env.TZ = 'UTC'

const SMALL: Size = { columns: 80, rows: 24 }
const LARGE: Size = { columns: 140, rows: 40 }
const stripStyles = (text: string) => text.replace(/\x1b\[[\d;]*m/g, '')
const golden = (name: string) => new URL(`golden/${name}.txt`, import.meta.url)
const after = (state: State, ...events: Event[]) => events.reduce(reduce, state)
const draw = (state: State, size: Size, look = LOOK) => screenText(screenful(state, size, look))

suite('whole screens', () => {
  for (const view of VIEW_NAMES) {
    test(`${view} at 80x24`, () => matchesGolden(golden(`${view}-80x24`), draw({ ...watched(), view }, SMALL)))
  }
  test('overview at 140x40', () => matchesGolden(golden('overview-140x40'), draw(watched(), LARGE)))
  test('blocks at 140x40', () => matchesGolden(golden('blocks-140x40'), draw({ ...watched(), view: 'blocks' }, LARGE)))
  test('the overview of a healthy program', () =>
    matchesGolden(golden('overview-calm'), draw(watched({ edit: calm }), SMALL)))
  test('the overview of several processes', () => {
    const edit = (snapshot: { instances: { pid: number; id: string }[] }) => {
      snapshot.instances[0]!.pid = 4000 + snapshot.instances[0]!.id.charCodeAt(0)
    }
    matchesGolden(golden('overview-several'), draw(watched({ ids: ['a', 'b', 'c'], edit }), LARGE))
  })
  test('the overview in ASCII', () => {
    const text = draw(watched(), SMALL, { ...LOOK, glyphs: ASCII })
    matchesGolden(golden('overview-ascii'), text)
    assert.match(text, /^[\x20-\x7e\n]*$/)
  })
  test('one culprit in full, with its source', () => {
    const state = { ...watched(), view: 'blocks' as const }
    const lines = Array.from({ length: 60 }, (_, i) => `line ${i + 1} of the file`)
    const { rows } = sceneOf(state, SMALL, LOOK)
    const opened = after(
      state,
      { type: 'move', by: 1, keys: rows },
      { type: 'open', keys: rows },
      { type: 'file', path: 'src/report.ts', lines },
    )
    matchesGolden(golden('block-detail'), draw(opened, { columns: 100, rows: 40 }))
  })
})

test('every view fills every size exactly, with one instance, with many and with none', () => {
  const states = [watched({ seconds: 2 }), watched({ seconds: 2, ids: ['a', 'b'] }), watched({ seconds: 0 })]
  for (const size of [SMALL, LARGE, { columns: 97, rows: 31 }, { columns: 300, rows: 100 }]) {
    for (const view of VIEW_NAMES) {
      for (const state of states) {
        const lines = screenful({ ...state, view }, size, LOOK)
        assert.equal(lines.length, size.rows)
        for (const line of lines)
          assert.equal(widthOf(textOf(line)), size.columns, `${view} at ${size.columns}: ${textOf(line)}`)
      }
    }
  }
})

test('a terminal that is too small is told so, politely and within its size', () => {
  for (const size of [
    { columns: 79, rows: 24 },
    { columns: 80, rows: 23 },
    { columns: 10, rows: 2 },
    { columns: 1, rows: 1 },
  ]) {
    const lines = screenful(watched({ seconds: 1 }), size, LOOK)
    assert.ok(lines.length <= size.rows)
    for (const line of lines) assert.ok(widthOf(textOf(line)) <= size.columns)
  }
  assert.match(draw(watched({ seconds: 1 }), { columns: 79, rows: 24 }), /at least 80x24; this terminal has 79x24/)
})

test('a loop that is blocked now is said in full on the overview, and in short everywhere else', () => {
  const state = watched({ seconds: 2 })
  assert.match(
    draw(state, LARGE),
    /● BLOCKED 4\.2s in validateCoupon at src\/coupon\.ts:12 \(POST \/coupon\), and counting/,
  )
  assert.equal(
    screenful(state, LARGE, LOOK)[1]!.segments.every((piece) => piece.tone === 'loud'),
    true,
  )
  assert.match(draw({ ...state, view: 'tasks' }, SMALL).split('\n')[0]!, /BLOCKED 4\.2s/)
  assert.doesNotMatch(draw(watched({ seconds: 2, edit: calm }), LARGE), /BLOCKED \d/)
})

test('figures that are old are said to be old, and lose their colour', () => {
  const state = after(watched({ seconds: 2 }), {
    type: 'lost',
    source: 'shop-api-4242-0',
    reason: 'cannot reach it',
    attempt: 3,
    nobody: false,
  })
  const later = { ...state, clock: state.clock + 12_000 }
  const text = draw(later, SMALL)
  assert.match(text, /○ reconnecting/)
  assert.match(text, /○ these figures are 12s old; cannot reach it/)
  const body = screenful(later, SMALL, LOOK).slice(2, -1)
  assert.ok(body.every((line) => line.segments.every((piece) => piece.tone === undefined || piece.tone === 'dim')))
})

test('filter, order and selection are on the screen', () => {
  const state: State = { ...watched(), view: 'routes' }
  const filtered = draw(after(state, { type: 'filter', text: 'CART' }), SMALL)
  assert.match(filtered, /1 route, most harm first.*filter: CART/)
  assert.doesNotMatch(filtered.split('┌')[0]!, /GET \/report/)
  assert.match(draw(after(state, { type: 'filter', text: 'nope' }), SMALL), /nothing here matches "nope"/)
  const { sortable } = sceneOf(state, SMALL, LOOK)
  const sorted = draw(after(state, { type: 'sort', columns: sortable }), SMALL)
  assert.match(sorted, /ROUTE↓/)
  assert.ok(sorted.indexOf('GET /cart/:id') < sorted.indexOf('GET /report'))
  const typed = draw(after(state, { type: 'type-filter' }, { type: 'filter', text: 'ca' }), SMALL)
  assert.match(typed, /filter: ca_ {3}Enter: keep/)
})

test('every string of a program is drawn without a control character', () => {
  const evil = '\x1b]0;x\x07\u202e\n'
  const state = watched({
    seconds: 1,
    edit: (snapshot) => {
      snapshot.routes[0]!.route = evil
      snapshot.blocks[0]!.function = evil
      snapshot.tasks[0]!.name = evil
      snapshot.instances[0]!.service = evil
    },
  })
  // The stream's reader has cleaned it before; here it comes in raw, and the painter is the last gate.
  for (const view of VIEW_NAMES) {
    const painted = screenful({ ...state, view }, SMALL, LOOK).map((line) =>
      paint(line, { colour: true, ascii: false }),
    )
    assert.doesNotMatch(stripStyles(painted.join('')), /[\0-\x1f\x7f-\x9f\u202e]/, view)
  }
  const colourless = screenful(state, SMALL, LOOK).map((line) => paint(line, { colour: false, ascii: false }))
  assert.doesNotMatch(colourless.join(''), /\x1b\[[\d;]*(3|4|9)\d/, 'NO_COLOR: bold and inverse only')
})

test('the list of views is the folder, and each view has one key', () => {
  const files = new Set(readdirSync(new URL('.', import.meta.url)))
  for (const name of VIEW_NAMES) {
    assert.ok(files.has(`${name}.ts`), `${name}.ts`)
    assert.equal(VIEWS[name].name, name)
    assert.equal(KEYS.filter((row) => row.label === name).length, 1, name)
  }
  const keys = KEYS.flatMap((row) => row.keys)
  assert.equal(new Set(keys).size, keys.length, 'no key means two things')
})

test('the help names every key, and the footer only keys that do something here', () => {
  const help = draw({ ...watched({ seconds: 1 }), view: 'help' }, { columns: 120, rows: 200 })
  for (const row of KEYS) assert.ok(help.includes(row.about), row.about)
  const footer = (state: State) => draw(state, LARGE).trimEnd().split('\n').at(-1)!
  assert.doesNotMatch(footer(watched({ seconds: 1 })), /filter|Enter|Esc/)
  assert.match(footer({ ...watched({ seconds: 1 }), view: 'blocks' }), /Enter open.*Esc back.*\/ filter.*s sort/)
  assert.doesNotMatch(footer({ ...watched({ seconds: 1 }), view: 'routes' }), /Enter/)
  assert.match(footer({ ...watched({ seconds: 1 }), view: 'hot' }), /Enter flame/)
})

test('a block that is allowed, one that was fatal and a start-up say so, in the table and in detail', () => {
  const [finished] = watched({ seconds: 1 }).tables.blocks
  const edit = (snapshot: InstanceSnapshot): void => {
    calm(snapshot)
    const { id } = snapshot
    const modules = [
      { name: 'express', time: 700 },
      { name: 'src/app.js', own: true as const, time: 300 },
    ]
    snapshot.instances[0]!.startedAt = snapshot.now - 60_000
    snapshot.blocks = [
      { ...finished!, id: '1', allowed: 'nightly import', function: 'importPrices' },
      { ...finished!, id: '2', fatal: true, instance: 'before', successor: id, function: 'parse', duration: 12_000 },
      { ...finished!, id: '3', startup: true, modules, duration: 1200 },
    ]
  }
  const state = { ...watched({ seconds: 1, edit }), view: 'blocks' as const }
  const text = draw(state, LARGE)
  assert.match(text, /✖ {2}parse .* killed/)
  assert.match(text, /importPrices .* allowed /)
  assert.match(text, /start-up +700ms in require of express .* require /)
  assert.match(
    draw({ ...state, view: 'overview' }, LARGE),
    /the process before this one was killed after 12s in parse at/,
  )
  assert.doesNotMatch(draw({ ...state, view: 'overview' }, LARGE), /importPrices|start-up/)
})

test('a block that many small callbacks made says so, in the table and in detail; one callback among many says that', () => {
  const [finished] = watched({ seconds: 1 }).tables.blocks
  const many = { isMany: true, kind: 'events', count: 312, activities: 61, longest: 0.4 } as const
  const edit = (snapshot: InstanceSnapshot): void => {
    calm(snapshot)
    const block = { ...finished!, cause: 'js' as const, api: null }
    snapshot.blocks = [
      { ...block, id: '1', function: 'handle', callbacks: many },
      { ...block, id: '2', function: 'parse', callbacks: { ...many, isMany: false, longest: 280 } },
      { ...block, id: '3', function: 'starved', cause: 'cpu-starved', callbacks: many },
    ]
  }
  const state = { ...watched({ seconds: 1, edit }), view: 'blocks' as const }
  const text = draw(state, LARGE)
  assert.match(text, /handle .* many small +312\+ of 61 /)
  assert.match(text, /parse .* js +- /)
  assert.match(text, /starved .* starved +312\+ of 61 /)
  const { rows } = sceneOf(state, LARGE, LOOK)
  const detail = (name: string): string => {
    const by = rows.findIndex((key) => key.startsWith(name))
    assert.ok(by >= 0, name)
    return draw(after(state, { type: 'move', by, keys: rows }, { type: 'open', keys: rows }), LARGE)
  }
  assert.match(
    detail('handle'),
    /no single callback held the loop, but 312 or more of 61 requests or tasks .*\n.* they came from sockets, files and the like; the longest seen took 400us or more/,
  )
  assert.match(detail('parse'), /one callback held the loop for 280ms or more, among 312 or more/)
})
