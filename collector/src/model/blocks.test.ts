import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CAPTURE, OUTCOME } from '../protocol/events.ts'
import type { Frame } from '../protocol/rows.ts'
import { ActivityModel } from './activities.ts'
import { BlockModel, type Capture } from './blocks.ts'

const EPOCH = 1_700_000_000_000
const REQUEST = 0

function frame(name: string, file = `src/${name}.js`, line = 1): Frame {
  return { function: name, file, line, column: 1, async: false }
}

function setup(thresholdMs = 50) {
  const activities = new ActivityModel()
  const blocks = new BlockModel({ thresholdMs, activities, epoch: EPOCH, instance: 'one' })
  const capture = (turn: number, stack: Frame[], activity = 0, reason: number = CAPTURE.block): void =>
    blocks.capture({ turn, at: 0, reason, activity, stack } satisfies Capture)
  /** A request of GET /slow, in flight since `at`. */
  const request = (id: number, at: number, template = '/slow'): void => {
    activities.begin(id, at, 'GET', REQUEST)
    activities.setRoute(id, template)
  }
  return { activities, blocks, capture, request, rows: (now = 100_000) => blocks.rows(now, 'main') }
}

suite('a block', () => {
  test('is a turn over the threshold; a shorter one is none', () => {
    const { blocks, rows } = setup()
    blocks.turn(1, 1000, 49.9)
    assert.deepEqual(rows(), [])
    blocks.turn(2, 2000, 50)
    const [row] = rows()
    assert.deepEqual([row!.at, row!.duration, row!.cause, row!.function], [EPOCH + 1950, 50, 'unknown', null])
    assert.deepEqual([row!.stack, row!.evidence], [[], { samples: 0 }])
  })

  test('has the function, file and line that most of its captures show, and its request', () => {
    const { blocks, capture, request, rows } = setup()
    request(7, 100)
    capture(3, [frame('prepare')], 7)
    capture(3, [frame('pbkdf2Sync', 'node:internal/crypto/pbkdf2'), frame('hash', 'src/auth.js', 31)], 7)
    capture(3, [frame('pbkdf2Sync', 'node:internal/crypto/pbkdf2'), frame('hash', 'src/auth.js', 31)], 7)
    blocks.turn(3, 1000, 200)
    const [row] = rows()
    assert.deepEqual(
      [row!.function, row!.file, row!.line, row!.api, row!.cause],
      ['hash', 'src/auth.js', 31, 'crypto.pbkdf2Sync', 'sync-call'],
    )
    assert.deepEqual([row!.route, row!.activity], ['GET /slow', { kind: 'request', name: 'GET /slow', id: 'one:7' }])
    assert.equal(row!.evidence.samples, 3)
  })

  test('does not take captures of other turns', () => {
    const { blocks, capture, rows } = setup()
    capture(4, [frame('before')])
    capture(6, [frame('after')])
    blocks.turn(5, 1000, 100)
    assert.equal(rows()[0]!.function, null)
    blocks.turn(6, 1200, 100)
    assert.equal(rows()[0]!.function, 'after')
  })

  test('is shown while it lasts, with a growing duration, and once when it has ended', () => {
    const { blocks, capture, request, rows } = setup()
    request(1, 500)
    blocks.openBlock(9, 1000, 1060)
    capture(9, [frame('spin')], 1)
    const [early] = rows(1100)
    const [late] = rows(1400)
    assert.deepEqual([early!.open, early!.duration, early!.function, early!.route], [true, 100, 'spin', 'GET /slow'])
    assert.equal(late!.duration, 400)
    assert.deepEqual(blocks.blockedNow(1400), { since: EPOCH + 1000, duration: 400 })
    assert.equal(blocks.running, 1)
    blocks.turn(9, 1500, 500)
    assert.deepEqual([blocks.blockedNow(1501), blocks.isOpen, blocks.running], [null, false, undefined])
    assert.deepEqual(rows(1501).map((row) => [row.open, row.duration, row.function]), [[undefined, 500, 'spin']])
  })

  test('that is open is closed by any later turn: events may be lost', () => {
    const { blocks } = setup()
    blocks.openBlock(9, 1000, 1060)
    blocks.turn(8, 1000, 60)
    assert.ok(blocks.isOpen, 'a turn before it does not')
    blocks.turn(12, 2000, 60)
    assert.ok(!blocks.isOpen)
  })

  test('is due to the machine when the kernel says that the thread waited for a processor', () => {
    const { blocks, capture, rows } = setup()
    capture(1, [frame('innocent')])
    blocks.turn(1, 1000, 100)
    blocks.kernel(1, { cpu: 60, runDelay: 40 })
    assert.equal(rows()[0]!.cause, 'js')
    blocks.kernel(1, { cpu: 30, runDelay: 70 })
    assert.equal(rows()[0]!.cause, 'cpu-starved')
    assert.deepEqual(rows()[0]!.evidence, { samples: 1, cpu: 30, runDelay: 70 })
  })

  test('is due to collections when they take most of it', () => {
    const { blocks, rows } = setup()
    blocks.turn(1, 1000, 100)
    blocks.gc(930, 20)
    assert.notEqual(rows()[0]!.cause, 'gc')
    blocks.gc(980, 40)
    assert.deepEqual([rows()[0]!.cause, rows()[0]!.evidence.gc], ['gc', 60])
    blocks.gc(5000, 500)
    assert.equal(rows()[0]!.evidence.gc, 60, 'one at another time has no part in it')
  })

  test('gets the trace of its turn, also as the exemplar of its culprit', () => {
    const { blocks, capture, rows } = setup()
    capture(1, [frame('slow')])
    blocks.turn(1, 1000, 80)
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
    blocks.trace(2, trace)
    assert.equal(rows()[0]!.trace, null)
    blocks.trace(1, trace)
    assert.deepEqual(rows()[0]!.trace, trace)
    blocks.takeFinished(100_000, 500, 'main') // all evidence is in: they count now
    assert.deepEqual(blocks.totals().blocks[0]!.exemplar, { ...trace, value: 80, at: EPOCH + 920 })
  })

  test('is passed on once, when its late evidence is in', () => {
    const { blocks } = setup()
    blocks.turn(1, 1000, 80)
    assert.deepEqual(blocks.takeFinished(1400, 500, 'main'), [])
    assert.equal(blocks.takeFinished(1501, 500, 'main').length, 1)
    assert.deepEqual(blocks.takeFinished(9000, 500, 'main'), [])
  })
})

suite('start-up', () => {
  test('is no block: modules are loaded, and nobody waits', () => {
    const { blocks, capture, rows } = setup()
    capture(0, [frame('compile', 'node:internal/modules/cjs/loader')])
    capture(0, [frame('(anonymous)', '/app/node_modules/express/lib/express.js')])
    capture(0, [frame('wrapSafe', 'node:internal/modules/cjs/loader'), frame('(anonymous)', 'server.js', 1)])
    blocks.openBlock(0, 0, 400)
    assert.deepEqual([rows(400), blocks.blockedNow(400), blocks.isOpen], [[], null, false])
    blocks.turn(0, 500, 500)
    assert.deepEqual(rows(), [])
  })

  test('is one when a function of the program holds it', () => {
    const { blocks, capture, rows } = setup()
    for (let i = 0; i < 4; i++) capture(0, [frame('compute', 'script.js', 7)])
    blocks.openBlock(0, 0, 400)
    assert.equal(rows(400)[0]!.function, 'compute')
    assert.deepEqual(blocks.blockedNow(400), { since: EPOCH, duration: 400 })
    blocks.turn(0, 500, 500)
    assert.equal(rows()[0]!.function, 'compute')
  })
})

suite('victims', () => {
  test('are those in flight that wait on nothing known, for half the block in the mean, by route', () => {
    const { activities, blocks, capture, request, rows } = setup()
    request(1, 100) // the culprit's
    request(2, 200, '/cart')
    request(3, 300, '/cart')
    request(4, 400, '/orders')
    activities.wait(1, 4, 410, 'db\0orders') // its answer has not come yet
    request(5, 950, '/late') // began within the block
    capture(1, [frame('spin')], 1)
    blocks.turn(1, 1000, 100)
    assert.deepEqual(rows()[0]!.victims, { count: 2, time: 100, byRoute: { 'GET /cart': 2 } })
    blocks.takeFinished(100_000, 500, 'main') // all evidence is in: they count now
    const { victims } = blocks.totals()
    assert.deepEqual(victims, [{ route: 'GET /cart', culprit: 'GET /slow', time: 100 }])
    assert.equal(activities.routeByName('GET /cart')!.blockedFor.total, 100)
    assert.equal(activities.routeByName('GET /slow')!.caused.total, 100)
  })

  test('are also those that arrive right after it: they had been waiting in the socket', () => {
    const { blocks, rows } = setup()
    blocks.turn(1, 1000, 100)
    const block = blocks.justBefore(1002)
    blocks.addVictim(block!, 'GET /cart')
    assert.equal(blocks.justBefore(1006), undefined)
    assert.deepEqual(rows()[0]!.victims, { count: 1, time: 50, byRoute: { 'GET /cart': 1 } })
  })
})

test('culprits are counted by name up to a limit, the rest as one', () => {
  const { blocks, capture } = setup()
  for (let turn = 1; turn <= 80; turn++) {
    capture(turn, [frame(`function${turn}`)])
    blocks.turn(turn, turn * 1000, 60)
  }
  blocks.takeFinished(100_000, 500, 'main') // all evidence is in: they count now
  const { blocks: totals } = blocks.totals()
  assert.equal(totals.length, 51)
  assert.equal(totals.find((row) => row.function === 'other')!.duration.count, 30)
  assert.equal(totals.reduce((sum, row) => sum + row.duration.count, 0), 80)
})

test('no more blocks are kept than anybody can read, the newest first', () => {
  const { activities, blocks, rows } = setup()
  activities.begin(1, 0, 'GET', REQUEST)
  activities.end(1, 1, OUTCOME.ok, 200)
  for (let turn = 1; turn <= 400; turn++) blocks.turn(turn, turn * 1000, 60)
  assert.equal(rows().length, 300)
  assert.ok(rows()[0]!.at > rows()[299]!.at)
})
