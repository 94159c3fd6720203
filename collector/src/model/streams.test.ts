import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ACTIVITY_KINDS, OUTCOME } from '../protocol/events.ts'
import { ActivityModel } from './activities.ts'
import { StreamModel } from './streams.ts'

const REQUEST = ACTIVITY_KINDS.indexOf('request')

function setup() {
  const activities = new ActivityModel()
  const streams = new StreamModel(activities)
  const open = (id: number, at: number, head = -1, route = '/events'): void => {
    activities.begin(id, at, 'GET', REQUEST)
    activities.setRoute(id, route)
    streams.begin(id, at + 1000, head, 200)
  }
  const end = (id: number, at: number, outcome: number): void => {
    streams.ending(id, at, outcome)
    activities.end(id, at, outcome, 200)
  }
  const row = (now: number, route = 'GET /events') => streams.rows(now, 'one').find((each) => each.route === route)
  const latency = (now: number) =>
    activities.routeRows(now, 'one', new Map()).find((each) => each.route === 'GET /events')
  return { activities, streams, open, end, row, latency }
}

suite('a stream', () => {
  test('is a request that its head has answered: its life is no latency, and no error when it is broken off', () => {
    const { open, end, row, latency } = setup()
    open(1, 0, 40)
    open(2, 0, 60)
    assert.deepEqual([row(5000)!.active, row(5000)!.oldest], [2, 5000])
    end(1, 30_000, OUTCOME.aborted)
    end(2, 31_000, OUTCOME.ok)
    const { active, opened, ended, aborted, ttfb } = row(32_000)!
    assert.deepEqual({ active, opened, ended, aborted }, { active: 0, opened: 2, ended: 2, aborted: 1 })
    assert.ok(Math.abs(ttfb!.max - 60) < 5)
    const { count, inFlight, errors } = latency(32_000)!
    assert.deepEqual({ count, inFlight, errors }, { count: 2, inFlight: 0, errors: 0 })
    assert.ok(latency(32_000)!.latency.max < 70)
  })

  test('of an unknown time to its head is left out of the latency', () => {
    const { open, end, row, latency } = setup()
    open(1, 0)
    assert.equal(row(2000)!.ttfb, null)
    end(1, 9000, OUTCOME.ok)
    assert.equal(latency(9000), undefined)
  })

  test('says what it has done so far; said again, it is not done again', () => {
    const { streams, open, row } = setup()
    open(1, 0)
    for (const at of [2000, 3000]) {
      streams.sent(1, at, 500, 4)
      streams.buffered(1, at, 70)
      streams.stalls(1, at, 2, 90)
      streams.ignored(1, at, 3, 'send app.js:7')
    }
    const { bytes, chunks, buffered, stalls, stalledTime, ignored, site } = row(4000)!
    assert.deepEqual(
      [bytes, chunks, buffered, stalls, stalledTime, ignored, site],
      [500, 4, 70, 2, 90, 3, 'send app.js:7'],
    )
    assert.deepEqual(streams.totals(), { streams: [{ route: 'GET /events', stalledTime: 90 }] })
    assert.equal(row(120_000)!.bytes, 0)
  })

  test('counts for the route that is named after it has opened', () => {
    const { activities, open, row } = setup()
    open(1, 0, -1, '*')
    activities.setRoute(1, '/late')
    assert.equal(row(2000, 'GET /late')!.active, 1)
    assert.equal(row(2000, 'GET *')!.active, 0)
    assert.ok(activities.routeRows(2000, 'one', new Map()).every(({ inFlight }) => inFlight === 0))
  })

  test('that is told of again after a loss lives on, another one has ended unseen', () => {
    const { activities, streams, open, row } = setup()
    open(1, 0)
    open(2, 0)
    activities.forgetBefore(10_000)
    streams.forgetUnheard(10_000, 11_000)
    assert.equal(row(11_000)!.active, 2)
    streams.sent(2, 12_000, 10, 1)
    streams.forgetUnheard(10_000, 16_000)
    assert.equal(row(16_000)!.active, 1)
    assert.deepEqual([...activities.live.keys()], [2])
  })

  test('of a request that is not known, or is over, is none', () => {
    const { streams, row } = setup()
    streams.begin(7, 0, 0, 200)
    streams.sent(7, 0, 1, 1)
    assert.equal(streams.ending(7, 1, OUTCOME.ok), false)
    assert.equal(row(10), undefined)
  })
})
