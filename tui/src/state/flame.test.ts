import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sampledProfile } from '../../../collector/src/testing/profile.ts'
import { along, flameGraph, kindOf, packageOf, type FlameNode, type FlameOptions } from './flame-graph.ts'
import { changeFlame, graphOf, openFlame, zoomedOut, type FlameEvent, type FlameState } from './flame.ts'

const stacks = [sampledProfile('a')]
const graph = (options: Partial<FlameOptions> = {}) =>
  flameGraph(stacks, { inverted: false, everything: false, ...options })

/** One line a node: name and samples, indented by depth. */
function drawn(node: FlameNode, depth = 0): string[] {
  return node.children.flatMap((child) => [
    `${'  '.repeat(depth)}${child.name} ${child.samples}`,
    ...drawn(child, depth + 1),
  ])
}

suite('the graph', () => {
  test('puts every route at the top, then own frames and what they called', () => {
    assert.deepEqual(drawn(graph()), [
      'GET /report 120',
      '  async getReport 120',
      '    hashPassword 120',
      '      pbkdf2Sync 120',
      'POST /coupon 60',
      '  postCoupon 60',
      '    validateCoupon 60',
      'GET /cart/:id 60',
      '  getCart 40',
      '    stringify 40',
      '  getCart 20',
      '    validateCoupon 20',
      'outside of requests 10',
      '  validateCoupon 10',
    ])
  })

  test('of one route has no line for it', () => {
    assert.deepEqual(drawn(graph({ route: 'POST /coupon' })), ['postCoupon 60', '  validateCoupon 60'])
    assert.deepEqual(drawn(graph({ route: null })), ['validateCoupon 10'])
  })

  test('inverted begins with what ran, and shows who called it', () => {
    const lines = drawn(graph({ inverted: true }))
    assert.deepEqual(lines.slice(0, 3), ['pbkdf2Sync 120', '  hashPassword 120', '    async getReport 120'])
    assert.deepEqual(lines.slice(3, 6), ['validateCoupon 80', '  postCoupon 60', '  getCart 20'])
  })

  test('shows every frame of libraries and of Node when asked to', () => {
    const lines = drawn(graph({ route: 'POST /coupon', everything: true }))
    assert.deepEqual(
      lines.map((line) => line.trim().replace(/ \d+$/, '')),
      ['parserOnIncoming', 'emit', 'app.handle', 'next', 'handleRequest', 'postCoupon', 'validateCoupon'],
    )
  })

  test('adds up: a node is itself and its children, the whole is the busy time', () => {
    const check = (node: FlameNode): void => {
      const below = node.children.reduce((sum, child) => sum + child.time, 0)
      assert.ok(Math.abs(node.time - node.self - below) < 1e-6, node.name)
      node.children.forEach(check)
    }
    for (const options of [{}, { inverted: true }, { everything: true }]) {
      const root = graph(options)
      check(root)
      assert.ok(Math.abs(root.time - 7100) < 1e-6)
      assert.equal(root.samples, 250)
    }
  })

  test('keeps of foreign code without own frames what it is, and where it comes from', () => {
    const frame = (name: string, file: string) => ({ function: name, file, line: 1, column: 1, async: false })
    const frames = [
      frame('parserOnIncoming', 'node:_http_server'),
      frame('app.handle', 'node_modules/express/lib/application.js'),
      frame('next', 'node_modules/router/index.js'),
      frame('match', 'node_modules/router/lib/layer.js'),
    ]
    const row = { ...stacks[0]!, frames, stacks: [{ frames: [0, 1, 2, 3], route: null, samples: 1, time: 1 }] }
    assert.deepEqual(drawn(flameGraph([row], { route: null, inverted: false, everything: false })), [
      'next 1',
      '  match 1',
    ])
  })

  test('knows own code, packages and Node by their files', () => {
    assert.deepEqual(['src/a.ts', '/srv/app/a.js', 'node_modules/pg/lib/a.js', 'node:fs', ''].map(kindOf), [
      'own',
      'own',
      'library',
      'platform',
      'platform',
    ])
    assert.equal(packageOf('node_modules/@koa/router/lib/router.js'), '@koa/router')
    assert.equal(packageOf('/srv/node_modules/.pnpm/a@1.0.0/node_modules/a/index.js'), 'a')
    assert.equal(packageOf('C:\\app\\node_modules\\a\\index.js'), 'a')
    assert.equal(packageOf('src/node_modules_like/a.js'), undefined)
  })
})

suite('walking it', () => {
  const come: FlameEvent = { type: 'stacks', last: 60, items: stacks, elsewhere: [] }
  const opened = (target: FlameState['target'] = null) => changeFlame(openFlame(target), come)
  const after = (flame: FlameState, ...events: FlameEvent[]) => events.reduce(changeFlame, flame)
  const move = (...moves: ('up' | 'down' | 'left' | 'right')[]): FlameEvent[] =>
    moves.map((one) => ({ type: 'flame-move', move: one }))
  const chosen = (flame: FlameState) =>
    along(graphOf(flame), flame.cursor)
      .slice(1)
      .map((node) => node.name)
      .join(' > ')
  const coupon = { function: 'validateCoupon', file: 'src/coupon.ts', line: 12, route: 'GET /cart/:id' }

  test('it opens at the row: its line in its route', () => {
    assert.equal(chosen(opened(coupon)), 'GET /cart/:id > getCart > validateCoupon')
    assert.equal(chosen(opened({ ...coupon, route: 'POST /coupon' })), 'POST /coupon > postCoupon > validateCoupon')
    assert.equal(chosen(opened({ ...coupon, function: 'gone' })), 'GET /report', 'otherwise at the top')
  })

  test('down goes to the longest callee, up to the caller, left and right along the level', () => {
    const flame = opened()
    assert.equal(chosen(flame), 'GET /report')
    assert.equal(
      chosen(after(flame, ...move('down', 'down', 'down', 'down'))),
      'GET /report > async getReport > hashPassword > pbkdf2Sync',
    )
    assert.equal(chosen(after(flame, ...move('right', 'right'))), 'GET /cart/:id')
    assert.equal(chosen(after(flame, ...move('right', 'down', 'right'))), 'GET /cart/:id > getCart', 'a cousin')
    assert.equal(chosen(after(flame, ...move('left', 'up'))), 'GET /report', 'the ends are ends')
  })

  test('a zoom keeps the walk below it, and each step back leads to the one before', () => {
    const flame = after(opened(), ...move('right', 'right'), { type: 'flame-zoom' }, ...move('down', 'right', 'down'))
    assert.equal(chosen(flame), 'GET /cart/:id > getCart > validateCoupon')
    assert.equal(chosen(after(flame, ...move('right', 'up', 'up', 'up', 'up'))), 'GET /cart/:id', 'not above the zoom')
    const deeper = after(flame, { type: 'flame-zoom' })
    assert.equal(deeper.zoom.length, 3)
    const back = zoomedOut(deeper)!
    assert.deepEqual([back.zoom.length, zoomedOut(back)!.zoom.length, zoomedOut(zoomedOut(back)!)], [1, 0, null])
  })

  test('one route, inverted and all frames keep the chosen frame', () => {
    const flame = opened({ ...coupon, route: 'POST /coupon' })
    const one = after(flame, { type: 'flame-route' })
    assert.deepEqual([one.route, chosen(one)], ['POST /coupon', 'postCoupon > validateCoupon'])
    assert.equal(after(one, { type: 'flame-route' }).route, undefined)
    assert.equal(chosen(after(flame, { type: 'flame-invert' })), 'validateCoupon')
    const hash = { function: 'pbkdf2Sync', file: 'node:internal/crypto/pbkdf2', line: 0, route: null }
    assert.match(chosen(after(opened(hash), { type: 'flame-everything' })), /hashPassword > pbkdf2Sync$/)
  })

  test('another window is asked for anew; an answer for the one before is not taken for it', () => {
    const flame = after(opened(coupon), { type: 'flame-window' })
    assert.deepEqual([flame.last, flame.stacks], [300, undefined])
    assert.equal(changeFlame(flame, come).stacks, undefined)
    const full = changeFlame(flame, { ...come, last: 300 })
    assert.equal(chosen(full), 'GET /cart/:id > getCart > validateCoupon')
    assert.equal(after(flame, { type: 'flame-window' }, { type: 'flame-window' }).last, 60)
  })

  test('new stacks leave zoom and cursor where they are, as far as their frames are still there', () => {
    const flame = after(opened(coupon), { type: 'flame-zoom' })
    assert.deepEqual(changeFlame(flame, come), flame)
    const fewer = { ...stacks[0]!, stacks: stacks[0]!.stacks.filter((stack) => stack.route === 'GET /report') }
    const next = changeFlame(flame, { ...come, items: [fewer] })
    assert.deepEqual([next.zoom, chosen(next)], [[], 'GET /report'])
    const failed = changeFlame(flame, { type: 'stacks-failed', last: 60, problem: 'gone' })
    assert.deepEqual([failed.problem, failed.stacks], ['gone', flame.stacks])
    assert.equal(changeFlame(failed, come).problem, undefined)
  })
})
