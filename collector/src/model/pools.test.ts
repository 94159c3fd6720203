import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ACTIVITY_KINDS, OUTCOME, POOL_IDLE, TAKE } from '../protocol/events.ts'
import type { BlockRow, Totals } from '../protocol/rows.ts'
import { ActivityModel } from './activities.ts'
import { PoolModel } from './pools.ts'
import { UNKNOWN } from './resumptions.ts'

const REQUEST = ACTIVITY_KINDS.indexOf('request')

function setup() {
  const activities = new ActivityModel()
  const pools = new PoolModel(activities)
  pools.pool(1, 'db\0postgresql\0main', 2)
  activities.begin(7, 0, 'GET', REQUEST)
  activities.setRoute(7, '/export')
  return { activities, pools, row: (now: number) => pools.rows(now, 'one')[0]! }
}

suite('a pool', () => {
  test('has its holders, the oldest first, with route, site and age, and those who wait', () => {
    const { activities, pools, row } = setup()
    pools.ask(10, 100, 1, 7)
    pools.take(10, 130)
    pools.site(10, 'exportAll src/export.js:9')
    pools.ask(11, 200, 1, 0)
    pools.take(11, 200)
    pools.ask(12, 250, 1, 7)
    const { limit, used, idle, pending, holders, wait } = row(400)
    assert.deepEqual({ limit, used, idle, pending }, { limit: 2, used: 2, idle: null, pending: 1 })
    assert.deepEqual(holders, [
      { activity: 'one:7', route: 'GET /export', site: 'exportAll src/export.js:9', age: 270 },
      { activity: null, route: null, site: null, age: 200 },
    ])
    assert.equal(wait.max, 30)
    assert.equal(activities.live.get(7)!.waits!.what.name, 'postgresql main')
    activities.end(7, 410, OUTCOME.ok, 200)
    assert.equal(activities.routeByName('GET /export')!.waits.get('poolWait')!.total, 30)
  })

  test('names the route of a holder whose request is over', () => {
    const { activities, pools, row } = setup()
    pools.ask(10, 100, 1, 7)
    pools.take(10, 100)
    activities.end(7, 150, OUTCOME.ok, 200)
    assert.deepEqual(row(500).holders[0], { activity: 'one:7', route: 'GET /export', site: null, age: 400 })
  })

  test('to another server says how long connecting took, and the answer; one without calls says nothing', () => {
    const { pools, row } = setup()
    pools.pool(2, 'http-client\0undici\0api:80', Infinity)
    const host = (now: number) => pools.rows(now, 'one')[1]!
    pools.connected(1, 100, 5)
    assert.deepEqual([host(100).connect, host(100).firstByte], [undefined, undefined])
    pools.ask(10, 100, 2, 7)
    pools.connected(2, 130, 30)
    pools.take(10, 130)
    pools.release(10, 190, 40)
    pools.ask(11, 200, 2, 7)
    pools.take(11, 200)
    pools.release(11, 300) // it hung up without an answer
    assert.deepEqual([host(400).connect!.max, host(400).firstByte!.max], [30, 40])
    const [{ system, name, connect, firstByte }] = pools.totals().calls as [NonNullable<Totals['calls']>[number]]
    assert.deepEqual([system, name, connect.count, firstByte.count], ['undici', 'api:80', 1, 1])
    assert.deepEqual([row(400).connect, row(400).firstByte], [undefined, undefined])
    assert.deepEqual([host(100_000).connect, host(100_000).firstByte], [undefined, undefined])
  })

  test('counts how long its slots were used, and time-outs', () => {
    const { pools, row } = setup()
    pools.ask(10, 100, 1, 7)
    pools.take(10, 100)
    pools.release(10, 180)
    pools.release(10, 500) // twice is once
    pools.ask(11, 200, 1, 7)
    pools.fail(11, 700, true)
    pools.ask(12, 200, 1, 7)
    pools.fail(12, 210, false)
    const { used, pending, use, wait, timeouts, holders } = row(800)
    assert.deepEqual({ used, pending, timeouts, holders }, { used: 0, pending: 0, timeouts: 1, holders: [] })
    assert.deepEqual([use!.max, wait.max], [80, 500])
    const [totals] = pools.totals().pools
    assert.deepEqual([totals!.use.count, totals!.wait.count, totals!.timeouts], [1, 3, 1])
  })

  test('has the last word about itself, and goes when it says so', () => {
    const { pools, row } = setup()
    pools.ask(10, 100, 1, 0)
    pools.take(10, 100)
    pools.state(1, 2 + POOL_IDLE * 3, 5)
    assert.deepEqual([row(200).used, row(200).idle, row(200).pending], [2, 3, 5])
    pools.state(1, -1, -1)
    assert.deepEqual(pools.rows(300, 'one'), [])
  })

  test('forgets leases when events were lost', () => {
    const { pools, row } = setup()
    pools.ask(10, 100, 1, 7)
    pools.take(10, 100)
    pools.forgetBefore(200)
    assert.deepEqual([row(300).used, row(300).holders], [0, []])
    pools.release(10, 400)
    assert.equal(pools.totals().pools[0]!.use.count, 0)
  })
})

test("libuv's pool is known by its probe, and unknown numbers are null", () => {
  const pools = new PoolModel(new ActivityModel())
  assert.deepEqual(pools.rows(0, 'one'), [])
  pools.threadpoolWait(100, 0.1)
  pools.threadpoolWait(600, 210)
  pools.threadpool = { size: 4, used: undefined, probeAge: 35 }
  const [unknown] = pools.rows(1000, 'one')
  assert.deepEqual(
    [unknown!.kind, unknown!.limit, unknown!.used, unknown!.idle, unknown!.pending, unknown!.probeAge],
    ['libuv', 4, null, null, null, 35],
  )
  assert.equal(unknown!.wait.max, 210)
  pools.threadpool = { size: 4, used: 3, probeAge: 0 }
  const [known] = pools.rows(1000, 'one')
  assert.deepEqual([known!.used, known!.idle], [3, 1])
})

test('a pool of connections to a host may be without a limit, gets another one, and is no database', () => {
  const pools = new PoolModel(new ActivityModel())
  pools.pool(1, 'http-client\0undici\0api:8080', Infinity)
  pools.ask(10, 100, 1, 0)
  pools.take(10, 120)
  const [unlimited] = pools.rows(200, 'one')
  assert.deepEqual([unlimited!.kind, unlimited!.limit, unlimited!.used], ['http-client', null, 1])
  pools.pool(1, 'http-client\0undici\0api:8080', 4)
  const [limited] = pools.rows(200, 'one')
  assert.deepEqual([limited!.limit, limited!.used, limited!.wait.max], [4, 1, 20])
  assert.deepEqual(pools.totals().pools, [])
})

test('a slot that the program gives back is when the next one could go on; a connection that a socket gives back is not', () => {
  for (const [what, ready] of [
    ['db\0postgresql\0main', 150],
    ['http-client\0http\0api:8080', UNKNOWN],
  ] as const) {
    const activities = new ActivityModel()
    const pools = new PoolModel(activities)
    const known: number[] = []
    activities.tellUntil = Infinity
    activities.onResume = (resumed) => known.push(resumed.ready)
    pools.pool(1, what, 1)
    activities.begin(7, 0, 'GET', REQUEST)
    pools.ask(10, 50, 1, 0)
    pools.take(10, 50)
    pools.ask(11, 100, 1, 7)
    pools.release(10, 150)
    pools.take(11, 180)
    assert.deepEqual(known, [ready], what)
  }
})

suite('a queue in the program', () => {
  const frame = (line: number, column = 7) => ({ function: '', file: 'src/mail.js', line, column, async: false })

  function queue() {
    const activities = new ActivityModel()
    const pools = new PoolModel(activities)
    pools.pool(1, 'queue\0p-queue\0other', 4)
    pools.made(1, frame(3))
    activities.begin(7, 0, 'GET', REQUEST)
    return { activities, pools, row: (now: number) => pools.rows(now, 'one')[0]! }
  }

  test('counts from its last word on, so that it is right while it cannot say another', () => {
    const { activities, pools, row } = queue()
    pools.state(1, 4, 996)
    pools.ask(10, 100, 1, 7)
    pools.take(10, 150)
    pools.ask(11, 160, 1, 7)
    pools.ask(12, 170, 1, 0)
    pools.release(10, 180)
    pools.fail(12, 190, false)
    const { kind, name, limit, used, idle, pending, wait } = row(200)
    assert.deepEqual([kind, name, limit, used, idle, pending], ['queue', 'src/mail.js:3', 4, 4, null, 997])
    assert.equal(wait.max, 50)
    assert.deepEqual(
      activities.taskRows(200, 0, 'one', undefined, false).map(({ waitingOn }) => waitingOn),
      [{ kind: 'queue', name: 'p-queue src/mail.js:3', since: 160 }],
    )
  })

  test('is no row any more after a minute without a task, and one again with the next', () => {
    const { pools, row } = queue()
    assert.equal(row(0), undefined)
    pools.ask(10, 100, 1, 0)
    pools.take(10, 100)
    assert.equal(row(100_000).used, 1)
    pools.release(10, 100_100)
    assert.equal(row(160_000).used, 0)
    assert.equal(row(160_200), undefined)
  })

  test('that is not the only one of its line has its column', () => {
    const { pools } = queue()
    pools.pool(2, 'queue\0p-queue\0other', 1)
    pools.made(2, frame(3, 40))
    for (const id of [1, 2]) pools.ask(id + 10, 100, id, 0)
    assert.deepEqual(
      pools.rows(200, 'one').map(({ name }) => name),
      ['src/mail.js:3', 'src/mail.js:3:40'],
    )
  })

  test('whose slot was free before a task could have it does not say since when', () => {
    const { activities, pools } = queue()
    const known: number[] = []
    activities.tellUntil = Infinity
    activities.onResume = ({ ready }) => known.push(ready)
    for (const flags of [0, TAKE.readyUnknown, TAKE.readyUnknown | TAKE.waitUnknown]) {
      pools.ask(1, 10, 1, 0)
      pools.take(1, 10, TAKE.waitUnknown)
      pools.ask(2, 20, 1, 7)
      pools.release(1, 30)
      pools.take(2, 90, flags)
      pools.release(2, 10)
    }
    assert.deepEqual(known, [30, UNKNOWN, UNKNOWN])
    assert.equal(pools.totals().queues![0]!.wait.count, 2)
  })

  test('of jobs says what became of their locks in the last minute, and in which block the worst renewal was due', () => {
    const activities = new ActivityModel()
    const pools = new PoolModel(activities)
    pools.pool(1, 'queue\0bullmq\0mails', 2)
    pools.state(1, 0, -1)
    pools.tally(1)!.stalled(1000, 2)
    pools.tally(1)!.renewed(2000, 1950)
    pools.tally(1)!.renewed(9000, 4000)
    pools.tally(1)!.renewed(9500, 9400)
    const block = (id: string, at: number, duration: number) => ({ id, at, duration }) as BlockRow
    const blocks = [block('short', 4500 + 50, 100), block('long', 5000 + 50, 3000), block('after', 9000 + 50, 4000)]
    const [row] = pools.rows(10_000, 'one', 50, blocks)
    assert.equal(row!.pending, null)
    assert.deepEqual(row!.jobs, {
      stalled: 2,
      lateRenewals: 3,
      worstRenewal: { late: 5000, at: 9050, block: 'long' },
    })
    assert.deepEqual(pools.totals().queues![0]!.lateRenewals, 3)
  })
})
