import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ACTIVITY_KINDS, OUTCOME } from '../protocol/events.ts'
import { ActivityModel } from './activities.ts'
import type { OnLoop } from './breakdown.ts'

const REQUEST = ACTIVITY_KINDS.indexOf('request')
const BACKGROUND = ACTIVITY_KINDS.indexOf('background')
const JOB = ACTIVITY_KINDS.indexOf('job')
const NO_LOOP: ReadonlyMap<string, OnLoop> = new Map()

const rows = (model: ActivityModel, now: number, onLoop = NO_LOOP) => model.routeRows(now, 'one', onLoop)

/** A request from `at` to `end`. */
function request(
  model: ActivityModel,
  id: number,
  at: number,
  end: number,
  status = 200,
  template = '/cart/:id',
): void {
  model.begin(id, at, 'GET', REQUEST)
  model.setRoute(id, template)
  model.end(id, end, OUTCOME.ok, status)
}

suite('a route', () => {
  test('has the count, rate, latency and errors of its requests', () => {
    const model = new ActivityModel()
    for (let i = 0; i < 60; i++) request(model, i + 1, 1000 * i, 1000 * i + 20, i % 10 === 0 ? 500 : 200)
    const [row] = rows(model, 60_000)
    assert.deepEqual([row!.route, row!.count, row!.rate, row!.errors, row!.inFlight], ['GET /cart/:id', 60, 1, 6, 0])
    assert.equal(row!.latency.max, 20)
    assert.ok(Math.abs(row!.latency.p50 / 20 - 1) < 0.045)
    assert.deepEqual(row!.breakdown, { onLoop: 0, other: 20 })
  })

  test('is not known at first: the request is counted where it belongs in the end', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'POST', REQUEST)
    assert.deepEqual(
      rows(model, 1).map((row) => [row.route, row.inFlight]),
      [['POST *', 1]],
    )
    model.setRoute(1, '/orders')
    assert.deepEqual(
      rows(model, 1).map((row) => [row.route, row.inFlight]),
      [['POST /orders', 1]],
    )
    model.end(1, 5, OUTCOME.ok, 201)
    const { requests } = model.totals(new Map())
    assert.deepEqual(
      requests.map(({ method, route, status, duration }) => [method, route, status, duration.count]),
      [['POST', '/orders', 201, 1]],
    )
  })

  test('has the parts of its latency, which sum to the mean', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'GET', REQUEST)
    model.setRoute(1, '/cart')
    model.wait(10, 1, 5, 'pool\0postgresql main')
    model.resume(10, 25)
    model.wait(11, 1, 25, 'db\0postgresql main')
    model.resume(11, 55)
    model.end(1, 100, OUTCOME.ok, 200)
    const [row] = rows(model, 200, new Map([['GET /cart', { likely: 15, surely: 15 }]]))
    assert.deepEqual(row!.breakdown, { onLoop: 15, poolWait: 20, db: 30, other: 35 })
    assert.deepEqual(model.totals(new Map([['GET /cart', 15]])).waits, [
      { route: 'GET /cart', wait: 'onLoop', time: 15 },
      { route: 'GET /cart', wait: 'poolWait', time: 20 },
      { route: 'GET /cart', wait: 'db', time: 30 },
    ])
  })

  test('counts waits in parallel once, and what it waits on after its end not at all', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'GET', REQUEST)
    model.wait(10, 1, 10, 'db\0postgresql main')
    model.wait(11, 1, 10, 'http\0api')
    model.wait(12, 1, 20, 'db\0postgresql main')
    model.resume(10, 40)
    model.setRoute(1, '/cart')
    model.resume(11, 60)
    model.end(1, 80, OUTCOME.ok, 200)
    model.resume(12, 500)
    assert.deepEqual(rows(model, 600)[0]!.breakdown, { onLoop: 0, http: 50, other: 30 })
  })

  test('waits for the loop once its slot was given back, or its timer due', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'GET', REQUEST)
    model.setRoute(1, '/cart')
    model.wait(10, 1, 0, 'pool\0postgresql main')
    model.resume(10, 50, 20)
    model.held(1, 70, 90)
    model.end(1, 100, OUTCOME.ok, 200)
    assert.deepEqual(rows(model, 200)[0]!.breakdown, { onLoop: 0, poolWait: 20, loopWait: 50, other: 30 })
  })

  test('whose client went away has an error', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'GET', REQUEST)
    model.end(1, 5, OUTCOME.aborted, 200)
    assert.equal(rows(model, 10)[0]!.errors, 1)
  })

  test('beyond a limit is counted under one name, so that a program cannot fill the memory by its URLs', () => {
    const model = new ActivityModel()
    for (let i = 1; i <= 3000; i++) request(model, i, i, i + 1, 200, `/made-up/${i}`)
    const { requests } = model.totals(new Map())
    assert.ok(requests.length <= 402, `${requests.length} routes`)
    const other = requests.find((row) => row.route === 'other')
    assert.ok(other!.duration.count > 2500)
    assert.equal(
      requests.reduce((sum, row) => sum + row.duration.count, 0),
      3000,
    )
    assert.equal(model.live.size, 0)
  })

  test('with nothing in the last minute is left out, its totals stay', () => {
    const model = new ActivityModel()
    request(model, 1, 0, 10)
    assert.deepEqual(rows(model, 100_000), [])
    assert.equal(model.totals(new Map()).requests[0]!.duration.count, 1)
  })
})

suite('a task', () => {
  test('is each activity in flight, the oldest first, with what it waits on', () => {
    const model = new ActivityModel()
    model.begin(1, 100, 'GET', REQUEST)
    model.setRoute(1, '/export')
    model.begin(2, 200, 'mail', BACKGROUND + 16 * 1)
    model.wait(7, 2, 250, 'db\0postgresql main')
    const rows = model.taskRows(300, 1_000_000, 'one', 1, true)
    assert.deepEqual(
      rows.map(({ id, kind, name, state, age, parent }) => ({ id, kind, name, state, age, parent })),
      [
        { id: 'one:1', kind: 'request', name: 'GET /export', state: 'running', age: 200, parent: null },
        { id: 'one:2', kind: 'background', name: 'mail', state: 'waiting', age: 100, parent: 'one:1' },
      ],
    )
    assert.deepEqual(rows[1]!.waitingOn, { kind: 'db', name: 'postgresql main', since: 1_000_250 })
    model.resume(7, 310)
    assert.equal(model.taskRows(320, 0, 'one', 1, true)[1]!.state, 'ready', 'the loop is held by another')
    assert.equal(model.taskRows(320, 0, 'one', undefined, false)[1]!.state, 'waiting')
  })

  test('that ended a moment ago is still known to a capture of its last code', () => {
    const model = new ActivityModel()
    request(model, 5, 0, 10)
    assert.equal(model.find(5)?.name, 'GET /cart/:id')
    for (let id = 6; id < 6 + 1024; id++) request(model, id, id, id)
    assert.equal(model.find(5), undefined)
    assert.equal(model.find(0), undefined)
  })
})

suite('background work', () => {
  test('has a row for each name: how many, how old, how they ended', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'mail', BACKGROUND)
    model.begin(2, 500, 'mail', BACKGROUND)
    model.begin(3, 600, 'mail', BACKGROUND)
    model.end(3, 700, OUTCOME.failed, 0)
    assert.deepEqual(model.backgroundRows(1000, 'one'), [
      {
        ...{ instance: 'one', name: 'mail', running: 2, oldest: 1000, started: 3, ended: 1, failed: 1, site: null },
        ...{ rateIn: 3, rateOut: 1, duration: { p50: 100, p99: 100, max: 100 }, unhandled: 0 },
      },
    ])
    const [totals] = model.totals(new Map()).tasks
    assert.deepEqual([totals!.name, totals!.duration.count, totals!.failures], ['mail', 1, 1])
  })

  test('is also what goes on after a response, from then on', () => {
    const model = new ActivityModel()
    request(model, 1, 0, 100, 202, '/orders')
    model.outlive(1, 100, { kind: REQUEST, name: 'POST', route: '/orders' }, 'placeOrder src/orders.js:9')
    const [row] = model.backgroundRows(400, 'one')
    assert.deepEqual(
      [row!.name, row!.running, row!.oldest, row!.site],
      ['POST /orders (after response)', 1, 300, 'placeOrder src/orders.js:9'],
    )
    assert.equal(model.routeRows(400, 'one', NO_LOOP)[0]!.inFlight, 0, 'the request itself is over')
    model.settle(1, 600, OUTCOME.ok)
    model.review(700)
    assert.equal(model.backgroundRows(700, 'one')[0]!.running, 1, 'it may go on after a moment that no hook sees')
    model.review(900)
    assert.equal(model.backgroundRows(900, 'one')[0]!.running, 0)
    assert.equal(model.totals(new Map()).tasks[0]!.duration.max, 500, 'until it had settled')
    assert.equal(model.live.size, 0)
  })

  test('waits on what its request has waited on', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'GET', REQUEST)
    model.wait(5, 1, 10, 'queue\0p-queue src/mail.js:3')
    model.end(1, 100, OUTCOME.ok, 200)
    model.outlive(1, 100, { kind: REQUEST, name: 'GET', route: '' }, null)
    const [row] = model.taskRows(200, 0, 'one', undefined, false)
    assert.deepEqual(row!.waitingOn, { kind: 'queue', name: 'p-queue src/mail.js:3', since: 10 })
    model.resume(5, 250)
    assert.equal(model.taskRows(300, 0, 'one', undefined, false)[0]!.waitingOn, null)
  })

  test('that goes on a moment after it had settled is one piece of work', () => {
    const model = new ActivityModel()
    const ended = { kind: REQUEST, name: 'POST', route: '/orders' }
    model.outlive(1, 100, ended, null)
    model.settle(1, 600, OUTCOME.ok)
    model.outlive(1, 650, ended, null)
    model.settle(1, 1000, OUTCOME.failed)
    model.review(2000)
    const [row] = model.backgroundRows(2000, 'one')
    assert.deepEqual([row!.started, row!.ended, row!.failed, row!.running], [1, 1, 1, 0])
    assert.equal(model.totals(new Map()).tasks[0]!.duration.max, 900)
  })

  test('says how many failures nobody handled, also of what is over, and how many jobs were tried again', () => {
    const model = new ActivityModel()
    model.begin(1, 0, 'mails:send', JOB)
    model.retry(1, 0)
    model.end(1, 100, OUTCOME.failed, 0)
    model.unhandled(110, { kind: JOB, name: 'mails:send', route: '' })
    model.unhandled(120, { kind: REQUEST, name: 'POST', route: '/orders' })
    const rows = model.backgroundRows(2000, 'one')
    assert.deepEqual(
      rows.map(({ name, unhandled, retried, rateIn }) => [name, unhandled, retried, rateIn]),
      [
        ['mails:send', 1, 1, 0.5],
        ['POST /orders (after response)', 1, undefined, 0],
      ],
    )
    assert.deepEqual(
      model.totals(new Map()).tasks.map(({ started, unhandled }) => [started, unhandled]),
      [
        [1, 1],
        [0, 1],
      ],
    )
  })

  test('of many names is kept under one beyond a limit', () => {
    const model = new ActivityModel()
    for (let id = 1; id <= 1000; id++) model.begin(id, 0, `job ${id}`, BACKGROUND)
    for (let id = 1; id <= 1000; id++) model.end(id, 1, OUTCOME.ok, 0)
    const { tasks } = model.totals(new Map())
    assert.ok(tasks.length <= 201)
    assert.equal(
      tasks.reduce((sum, task) => sum + task.duration.count, 0),
      1000,
    )
    assert.ok(model.backgroundRows(2, 'one').every((row) => row.running === 0))
  })
})

test('events of what is not known are of no consequence', () => {
  const model = new ActivityModel()
  model.setRoute(9, '/x')
  model.end(9, 1, OUTCOME.ok, 200)
  model.settle(9, 1, OUTCOME.ok)
  model.wait(1, 9, 1, 'db\0x')
  model.resume(1, 2)
  assert.equal(model.live.size, 0)
  assert.deepEqual(model.routeRows(10, 'one', NO_LOOP), [])
})

test('when events were lost, what began before is forgotten: nothing stays in flight for ever', () => {
  const model = new ActivityModel()
  model.begin(1, 0, 'GET', REQUEST)
  model.begin(2, 0, 'mail', BACKGROUND)
  model.wait(5, 1, 1, 'db\0x')
  model.forgetBefore(10)
  model.begin(3, 20, 'GET', REQUEST)
  assert.deepEqual([...model.live.keys()], [3])
  assert.equal(model.routeRows(30, 'one', NO_LOOP)[0]!.inFlight, 1)
  assert.equal(model.backgroundRows(30, 'one')[0]!.running, 0)
  model.end(1, 40, OUTCOME.ok, 200)
  model.resume(5, 40)
  assert.equal(model.routeRows(50, 'one', NO_LOOP)[0]!.inFlight, 1)
})
