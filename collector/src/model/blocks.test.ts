import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CAPTURE, OUTCOME } from '../protocol/events.ts'
import type { Frame } from '../protocol/rows.ts'
import { ActivityModel } from './activities.ts'
import { BlockModel } from './blocks.ts'
import type { Capture } from './captures.ts'

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
  let sum = { cpu: 0, runDelay: 0 }
  /** Readings that say what was between the two. */
  const account = (from: number, to: number, { cpu, runDelay }: { cpu: number; runDelay: number }): void => {
    blocks.reading({ at: from, busy: 0, ...sum, atWork: 0, asleep: 0 })
    sum = { cpu: sum.cpu + cpu, runDelay: sum.runDelay + runDelay }
    blocks.reading({ at: to, busy: 0, ...sum, atWork: 1, asleep: 0 })
  }
  const captureAt = (turn: number, at: number, stack: Frame[]): void =>
    blocks.capture({ turn, at, reason: CAPTURE.block, activity: 0, stack })
  return { account, activities, blocks, capture, captureAt, request, rows: (now = 100_000) => blocks.rows(now, 'main') }
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

  test('has the culprit that held it for longest, not the one that was captured most often', () => {
    const { blocks, rows } = setup()
    for (const at of [910, 911, 912, 913]) {
      blocks.capture({ turn: 1, at, reason: CAPTURE.block, activity: 0, stack: [frame('prepare')] })
    }
    blocks.capture({ turn: 1, at: 990, reason: CAPTURE.sample, activity: 0, stack: [frame('compute')], late: 70 })
    blocks.turn(1, 1000, 100)
    assert.equal(rows()[0]!.function, 'compute')
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
    assert.deepEqual(
      rows(1501).map((row) => [row.open, row.duration, row.function]),
      [[undefined, 500, 'spin']],
    )
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
    const { account, blocks, capture, rows } = setup()
    capture(1, [frame('innocent')])
    blocks.turn(1, 1000, 100)
    account(900, 1010, { cpu: 60, runDelay: 40 })
    assert.equal(rows()[0]!.cause, 'js')
    capture(2, [frame('innocent')])
    blocks.turn(2, 2000, 100)
    account(1900, 2010, { cpu: 30, runDelay: 70 })
    assert.deepEqual([rows()[0]!.cause, rows()[0]!.function], ['cpu-starved', null])
    assert.deepEqual(rows()[0]!.evidence, { samples: 1, cpu: 30, runDelay: 70 })
  })

  test('has the code whose own part is the largest, also where that is under the threshold', () => {
    const { account, blocks, capture, rows } = setup(20)
    capture(1, [frame('slow')])
    blocks.turn(1, 1000, 20.1)
    account(975, 1005, { cpu: 19.9, runDelay: 0.2 })
    assert.deepEqual([rows()[0]!.cause, rows()[0]!.function], ['js', 'slow'])
  })

  test('has its code named beside another cause when that would have been a block by itself', () => {
    const { account, blocks, capture, rows } = setup(20)
    capture(1, [frame('slow')])
    blocks.turn(1, 1000, 100)
    account(900, 1005, { cpu: 30, runDelay: 70 })
    assert.deepEqual([rows()[0]!.cause, rows()[0]!.function], ['cpu-starved', 'slow'])
  })

  test('takes the kernel’s word of the time around it, whether that comes before or after it', () => {
    const { account, blocks, rows } = setup()
    account(890, 1010, { cpu: 10, runDelay: 90 })
    blocks.turn(1, 1000, 100)
    assert.equal(rows()[0]!.evidence.runDelay, 90)
    account(1020, 1200, { cpu: 100, runDelay: 80 })
    assert.equal(rows()[0]!.evidence.runDelay, 90)
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
    blocks.gc(1010, 20)
    assert.equal(rows()[0]!.evidence.gc, 70, 'of one that goes on after it, what is in it')
  })

  test('is nobody’s when the process stood still, known before or after its end', () => {
    const { blocks, capture, rows } = setup()
    blocks.suspended(910, 990)
    capture(1, [frame('innocent')])
    blocks.turn(1, 1000, 100)
    blocks.turn(2, 2000, 100)
    blocks.suspended(1940, 2040)
    const said = rows().map((row) => [row.cause, row.function, row.evidence.suspended])
    assert.deepEqual(said, [
      ['suspended', null, 60],
      ['suspended', null, 80],
    ])
  })

  test('is nobody’s when a debugger had paused it: it waits for a lock, and answers a capture at once', () => {
    const { blocks, rows } = setup()
    const stack = [frame('paused')]
    blocks.capture({ turn: 1, at: 920, reason: CAPTURE.block, activity: 0, stack })
    blocks.capture({ turn: 1, at: 940, reason: CAPTURE.sample, activity: 0, stack })
    blocks.capture({ turn: 1, at: 950, reason: CAPTURE.asleep, activity: 0, stack })
    blocks.capture({ turn: 1, at: 955, reason: CAPTURE.sample, activity: 0, stack })
    blocks.openBlock(1, 900, 990)
    assert.deepEqual([rows(990)[0]!.cause, rows(990)[0]!.function], ['suspended', null])
    blocks.turn(1, 1000, 100)
    assert.deepEqual([rows()[0]!.cause, rows()[0]!.function, rows()[0]!.evidence.suspended], ['suspended', null, 65])
  })

  test('is its code’s when that waits for a lock itself: a capture comes late, or Atomics.wait has called for it', () => {
    const { blocks, rows } = setup()
    const wait = { function: 'Atomics.wait', file: '', line: 0, column: 0, async: false }
    blocks.capture({ turn: 1, at: 990, reason: CAPTURE.asleep, activity: 0, stack: [frame('addon')], late: 60 })
    blocks.turn(1, 1000, 100)
    blocks.capture({ turn: 2, at: 1930, reason: CAPTURE.asleep, activity: 0, stack: [wait, frame('waits')] })
    blocks.turn(2, 2000, 100)
    assert.deepEqual(
      rows().map((row) => [row.cause, row.function]),
      [
        ['sync-call', 'waits'],
        ['js', 'addon'],
      ],
    )
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
  test('is shown as the loading of modules, and is no trouble: nobody waits', () => {
    const { blocks, capture, rows } = setup()
    const server = frame('(anonymous)', 'server.js', 1)
    capture(0, [frame('compile', 'node:internal/modules/cjs/loader')])
    capture(0, [frame('wrapSafe', 'node:internal/modules/cjs/loader'), server])
    capture(0, [frame('(anonymous)', '/app/node_modules/express/lib/express.js'), server])
    capture(0, [frame('(anonymous)', '/app/node_modules/express/lib/router.js'), server])
    blocks.openBlock(0, 0, 400)
    const [open] = rows(400)
    assert.deepEqual([open!.startup, open!.open, open!.api, blocks.blockedNow(400)], [true, true, 'require', null])
    blocks.turn(0, 500, 500)
    const [row] = rows()
    assert.deepEqual([row!.startup, row!.cause, row!.api, row!.file], [true, 'sync-call', 'require', 'server.js'])
    assert.deepEqual(row!.modules, [
      { name: 'express', time: 250 },
      { name: 'server.js', own: true, time: 125 },
    ])
    blocks.takeFinished(100_000, 500, 'main')
    assert.deepEqual([blocks.totals().blocks, blocks.totals().startUp], [[], 500])
    assert.equal(blocks.culpritRows()[0]!.startup, true)
  })

  test('that is over soon is not worth a word', () => {
    const { blocks, rows } = setup()
    blocks.openBlock(0, 0, 200)
    assert.deepEqual(rows(200), [])
    blocks.turn(0, 240, 240)
    assert.deepEqual([rows(), blocks.culpritRows()], [[], []])
  })

  test('which nobody saw is the loading of modules all the same', () => {
    const { blocks, rows } = setup()
    blocks.turn(0, 500, 500)
    const [row] = rows()
    assert.deepEqual([row!.cause, row!.api, row!.function, row!.modules], ['sync-call', 'require', null, []])
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
    capture(1, [frame('spin')], 1)
    blocks.turn(1, 1000, 100)
    assert.deepEqual(rows()[0]!.victims, { count: 2, time: 100, exact: 0, byRoute: { 'GET /cart': 2 } })
    blocks.takeFinished(100_000, 500, 'main') // all evidence is in: they count now
    const { victims } = blocks.totals()
    assert.deepEqual(victims, [{ route: 'GET /cart', culprit: 'GET /slow', time: 100 }])
    assert.equal(activities.routeByName('GET /cart')!.blockedFor.total, 100)
    assert.equal(activities.routeByName('GET /slow')!.caused.total, 100)
  })

  test('are also those that arrive right after it: they had been waiting in the socket', () => {
    const { activities, blocks, rows } = setup()
    blocks.turn(1, 1000, 100)
    const arrive = (id: number, at: number): void => {
      activities.begin(id, at, 'GET', REQUEST)
      blocks.arrived(id, at)
      assert.equal(rows()[0]!.victims.count, 0, 'whose they are is not known yet')
      activities.setRoute(id, '/cart')
    }
    arrive(1, 1002)
    arrive(2, 1006)
    blocks.named(1)
    blocks.named(2)
    assert.deepEqual(rows()[0]!.victims, { count: 1, time: 50, exact: 0, byRoute: { 'GET /cart': 1 } })
  })

  test('that wait on a timer waited since it was due, exactly; one that sleeps on is none', () => {
    const { blocks, capture, request, rows } = setup()
    for (const [id, template] of [
      [1, '/slow'],
      [2, '/timer'],
      [3, '/sleep'],
      [4, '/guarded'],
    ] as const)
      request(id, 500, template)
    capture(1, [frame('spin')], 1)
    blocks.due(2, 930)
    blocks.due(3, 5000)
    blocks.due(4, 60_000) // gives up after a minute ...
    blocks.due(4, 990) // ... and looks again soon
    blocks.turn(1, 1000, 100)
    assert.deepEqual(rows()[0]!.victims, {
      count: 2,
      time: 80,
      exact: 80,
      byRoute: { 'GET /timer': 1, 'GET /guarded': 1 },
    })
    blocks.ending(3, 1001)
    assert.equal(rows()[0]!.victims.byRoute['GET /sleep'], 1, 'it ends right after: it was no timer that it waited for')
    blocks.turn(2, 2000, 10)
    blocks.turn(3, 3000, 100)
    assert.equal(rows()[0]!.victims.exact, 0, 'timers are those of one turn')
  })

  test('are those whose answer is taken right after it, for half of the time that they had asked for it by then', () => {
    const { activities, blocks, request, rows } = setup()
    request(1, 100, '/old')
    request(2, 100, '/within')
    request(3, 100, '/after')
    request(4, 100, '/later')
    activities.wait(1, 1, 200, 'db\0main')
    activities.wait(2, 2, 960, 'db\0main')
    activities.wait(4, 4, 200, 'db\0main')
    activities.wait(30, 3, 200, 'pool\0main')
    blocks.turn(1, 1000, 100)
    activities.resume(1, 1001)
    activities.resume(2, 1001)
    activities.resume(30, 1002, 1001.5) // a slot that code gave back after the block
    activities.resume(4, 1020)
    const { count, time, exact, byRoute } = rows()[0]!.victims
    assert.deepEqual(byRoute, { 'GET /old': 1, 'GET /within': 1 })
    assert.deepEqual([count, time, exact], [2, 50 + 20, 0])
  })

  test('are those who come after it in its own turn: they had been ready before', () => {
    const { activities, blocks, captureAt, request, rows } = setup()
    request(2, 100, '/before')
    request(3, 100, '/after')
    request(4, 100, '/slot')
    for (const id of [2, 3, 4]) activities.wait(id, id, 200, 'db\0main')
    activities.resume(2, 900.5)
    captureAt(1, 950, [frame('spin')])
    activities.resume(3, 980)
    activities.end(3, 985, OUTCOME.ok, 200)
    activities.resume(4, 990, 920)
    request(5, 991, '/next')
    blocks.turn(1, 1000, 100, 400)
    const { byRoute, time, exact } = rows()[0]!.victims
    // /before went on at once and has waited on nothing known since then.
    assert.deepEqual(byRoute, { 'GET /after': 1, 'GET /slot': 1, 'GET /next': 1, 'GET /before': 1 })
    assert.deepEqual([time, exact], [80 + 70 + 91 + 50, 70])
  })

  test('of a block before the idle time of its turn are not those who come after that', () => {
    const { blocks, request, rows, captureAt } = setup()
    request(1, 5000)
    captureAt(1, 1050, [frame('tick'), frame('listOnTimeout', 'node:internal/timers')])
    blocks.turn(1, 5001, 101, 3900)
    assert.deepEqual([rows()[0]!.at, rows()[0]!.duration, rows()[0]!.victims.count], [EPOCH + 1000, 101, 0])
  })

  test('that were ready in a block, and come after the next one, waited for both', () => {
    const { activities, blocks, capture, request, rows } = setup()
    request(1, 100, '/cart')
    activities.wait(1, 1, 200, 'db\0main')
    capture(1, [frame('first')])
    blocks.turn(1, 1000, 100)
    capture(2, [frame('second')])
    activities.resume(1, 1199)
    blocks.turn(2, 1200, 200)
    assert.deepEqual(
      rows().map((row) => [row.function, row.victims.time]),
      [
        ['second', 199],
        ['first', 50],
      ],
    )
  })

  test('are blamed on route and code, over the last minute', () => {
    const { account, blocks, capture, request } = setup()
    request(1, 0)
    request(2, 0, '/cart')
    for (const turn of [1, 2]) {
      capture(turn, [frame('spin')], 1)
      blocks.due(2, turn * 1000 - 40)
      blocks.turn(turn, turn * 1000, 100)
      blocks.takeFinished(turn * 1000 + 900, 500, 'main')
    }
    const code = { culprit: 'GET /slow', cause: 'js', function: 'spin', file: 'src/spin.js', line: 1 }
    const blame = { instance: 'one', route: 'GET /cart', ...code, time: 80, count: 2, exact: 80, isEstimate: false }
    assert.deepEqual(blocks.blameRows(31_000, 1000), [{ ...blame, perMinute: 160 }])
    assert.equal(blocks.blameRows(59_000, 1000)[0]!.count, 2)
    capture(9, [frame('spin')], 1)
    blocks.turn(9, 60_000, 100)
    account(59_900, 60_000, { cpu: 10, runDelay: 90 })
    blocks.takeFinished(61_000, 500, 'main')
    const [starved] = blocks.blameRows(61_500, 1000)
    assert.deepEqual(
      [starved!.culprit, starved!.cause, starved!.time],
      [null, 'cpu-starved', 50],
      'no fault of its own',
    )
    assert.deepEqual(blocks.blameRows(130_000, 1000), [])
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
  assert.equal(
    totals.reduce((sum, row) => sum + row.duration.count, 0),
    80,
  )
})

suite('a culprit that blocks again and again', () => {
  test('keeps few rows, the newest first, and its exact numbers; a rare one keeps its own', () => {
    const { blocks, capture, rows } = setup()
    capture(1, [frame('rare')])
    blocks.turn(1, 1000, 300)
    for (let turn = 2; turn <= 1001; turn++) {
      capture(turn, [frame('noisy')])
      blocks.turn(turn, turn * 60, 60)
      blocks.takeFinished(turn * 60, 500, 'main')
    }
    blocks.takeFinished(100_000, 500, 'main')
    assert.deepEqual([rows().length, rows().at(-1)!.function], [21, 'rare'])
    assert.ok(rows()[0]!.at > rows()[1]!.at)
    const culprits = blocks.culpritRows().map((row) => [row.function, row.count, row.total, row.max])
    assert.deepEqual(culprits, [
      ['noisy', 1000, 60_000, 60],
      ['rare', 1, 300, 300],
    ])
  })

  test('counts before all evidence of it is in, and only once', () => {
    const { blocks, capture } = setup()
    const counts = () => blocks.culpritRows().map((row) => row.count)
    for (const turn of [1, 2]) {
      capture(turn, [frame('slow')])
      blocks.turn(turn, turn * 1000, 60)
      assert.deepEqual(counts(), [turn])
    }
    blocks.takeFinished(1600, 500, 'main')
    assert.deepEqual(counts(), [2])
    blocks.takeFinished(9000, 500, 'main')
    assert.deepEqual(counts(), [2])
  })
})

suite('a block inside allowBlocking()', () => {
  test('says why, and is in no total, no ranking of blocks and no alert', () => {
    const { activities, blocks, capture, request, rows } = setup()
    request(1, 100, '/cart')
    blocks.openBlock(1, 900, 960)
    capture(1, [frame('importPrices')])
    blocks.allow(1, 'nightly import', 0)
    assert.deepEqual(
      [rows(960)[0]!.allowed, rows(960)[0]!.open, blocks.blockedNow(960)],
      ['nightly import', true, null],
    )
    assert.equal(blocks.heldNow(960), 60)
    blocks.turn(1, 1000, 100)
    const [row] = rows()
    assert.deepEqual([row!.allowed, row!.function, row!.victims.count], ['nightly import', 'importPrices', 1])
    blocks.takeFinished(100_000, 500, 'main')
    const { blocks: counted, victims, allowed } = blocks.totals()
    assert.deepEqual([counted, victims], [[], []])
    assert.deepEqual(
      allowed!.map(({ why, duration }) => [why, duration.count, duration.sum]),
      [['nightly import', 1, 100]],
    )
    assert.equal(activities.routeByName('GET /cart')!.blockedFor.total, 0)
  })

  test('is known without a capture, by the time that was measured', () => {
    const { blocks, rows } = setup()
    blocks.allow(1, 'warm-up', 80)
    blocks.turn(1, 1000, 100)
    assert.equal(rows()[0]!.allowed, 'warm-up')
    blocks.turn(2, 2000, 100)
    assert.equal(rows()[0]!.allowed, undefined, 'the next one is not')
  })

  test('is trouble when the rest of the turn would have been a block by itself, and the rest is to blame', () => {
    const { blocks, capture, rows } = setup()
    for (let i = 0; i < 3; i++) {
      capture(1, [frame('allowed')])
      blocks.allow(1, 'known', 0)
    }
    capture(1, [frame('guilty')])
    blocks.allow(1, 'known', 200)
    blocks.turn(1, 1000, 260)
    assert.deepEqual([rows()[0]!.allowed, rows()[0]!.function], [undefined, 'guilty'])
  })
})
