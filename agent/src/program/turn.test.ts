import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLOCK, CONTROL, createChannel, DOZE, EVENT, START_UP_TURN } from '@loopscope/collector/protocol'
import { Reader } from '../worker/reader.ts'
import { now } from './clock.ts'
import { Recorder } from './recorder.ts'
import { startTurns } from './turn.ts'

function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

function setup(t: TestContext, longMs = 5) {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  const reader = new Reader(channel)
  const seen: number[] = []
  const timing = performance.nodeTiming
  const stop = startTurns({
    channel,
    recorder,
    now,
    idleTime: () => timing.idleTime,
    longMs,
    onTurn: (time) => seen.push(time),
  })
  t.after(stop)
  const long: { turn: number; end: number; busy: number }[] = []
  return {
    ...channel,
    seen,
    long() {
      reader.drain((kind, turn, end, busy) => kind === EVENT.turn && long.push({ turn, end, busy }))
      return long
    },
  }
}

suite('the account of the loop', () => {
  test('wakes the worker at the first turn of a long rest, before its timers run', async (t) => {
    const { control } = setup(t, Infinity)
    await sleep(5)
    control[CONTROL.dozing] = DOZE.untilEvent
    await sleep(5)
    assert.equal(control[CONTROL.dozing], DOZE.untilEvent)
    control[CONTROL.dozing] = DOZE.untilTurn
    const seen = await new Promise((resolve) => setTimeout(() => resolve(control[CONTROL.dozing]), 5))
    assert.equal(seen, DOZE.not)
  })

  test('begins when the modules have been loaded, and counts start-up apart', async (t) => {
    const { clock, long } = setup(t)
    spin(30)
    await new Promise((resolve) => setImmediate(resolve))
    await sleep(10)
    assert.equal(long()[0]!.turn, START_UP_TURN)
    assert.ok(long()[0]!.busy >= 30)
    assert.ok(clock[CLOCK.longest]! < 30)
  })

  test('has the busy time of a block to within a millisecond or two', async (t) => {
    const { clock, long, turns } = setup(t)
    await sleep(20)
    const before = { busy: clock[CLOCK.busy]!, turns: turns.reduce((sum, count) => sum + count, 0) }
    const began = performance.now()
    await sleep(5)
    const idle = performance.now() - began
    spin(40)
    await sleep(15)
    const block = long().findLast(({ busy }) => busy >= 39)!
    assert.ok(block, JSON.stringify(long()))
    // The rest of that turn is timers and this test: little, unless the machine is busy elsewhere.
    assert.ok(block.busy < 40 + idle + 20, `${block.busy} ms`)
    const busy = clock[CLOCK.busy]! - before.busy
    assert.ok(busy >= 39 && busy < performance.now() - began, `${busy} ms`)
    assert.ok(turns.reduce((sum, count) => sum + count, 0) > before.turns)
    assert.ok(clock[CLOCK.longest]! >= 39)
  })

  test('has before each long turn what poll has given so far', async (t) => {
    const channel = createChannel()
    const common = { channel, recorder: new Recorder(channel), now, idleTime: () => 0, longMs: 5, onTurn: () => {} }
    t.after(startTurns({ ...common, events: () => 12 }))
    await sleep(10)
    spin(10)
    await sleep(5)
    const seen: { kind: number; turn: number; a: number }[] = []
    new Reader(channel).drain((kind, turn, _time, a) => seen.push({ kind, turn, a }))
    const at = seen.findLastIndex(({ kind }) => kind === EVENT.turn)
    assert.ok(at > 0 && seen[at]!.turn > 0)
    assert.deepEqual(seen[at - 1], { kind: EVENT.turnEvents, turn: seen[at]!.turn, a: 12 })
  })

  test('adds up: busy and idle are the time that went by', async (t) => {
    const { clock } = setup(t)
    await sleep(20)
    const from = { at: clock[CLOCK.lastTurn]!, sum: clock[CLOCK.busy]! + clock[CLOCK.idle]! }
    for (let i = 0; i < 5; i++) {
      spin(3)
      await sleep(7)
    }
    const span = clock[CLOCK.lastTurn]! - from.at
    const sum = clock[CLOCK.busy]! + clock[CLOCK.idle]! - from.sum
    assert.ok(Math.abs(span - sum) < 1, `${sum} of ${span} ms`)
    assert.ok(span > 30)
  })

  test('counts short turns too', async (t) => {
    const { control, turns } = setup(t)
    await sleep(5)
    const beat = control[CONTROL.beat]!
    for (let i = 0; i < 500; i++) await new Promise((resolve) => setImmediate(resolve))
    await sleep(5)
    assert.ok(control[CONTROL.beat]! - beat >= 500)
    const counted = turns.reduce((sum, count) => sum + count, 0)
    assert.ok(Math.abs(counted - control[CONTROL.beat]!) <= 10, `${counted} of ${control[CONTROL.beat]} turns`)
  })

  test('gives its turn to what must not run in an interrupt, at most once a millisecond', async (t) => {
    const { seen } = setup(t)
    await sleep(5)
    // As many turns as fit into 10 ms: a fast machine is done with a fixed number in less than two.
    for (const end = now() + 10; now() < end;) await new Promise((resolve) => setImmediate(resolve))
    await sleep(5)
    assert.ok(seen.length > 2)
    for (let i = 1; i < seen.length; i++) assert.ok(seen[i]! - seen[i - 1]! >= 0.99)
  })

  test('stops', async (t) => {
    const channel = createChannel()
    const recorder = new Recorder(channel)
    const stop = startTurns({
      channel,
      recorder,
      now,
      idleTime: () => 0,
      longMs: 5,
      onTurn: () => {},
    })
    await sleep(10)
    stop()
    const beat = channel.control[CONTROL.beat]
    await sleep(20)
    assert.equal(channel.control[CONTROL.beat], beat)
    t.diagnostic(`${beat} turns before`)
  })
})
