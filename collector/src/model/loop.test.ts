import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CLOCK, createChannel, TURN_MIN_INDEX, type Channel } from '../protocol/channel.ts'
import { randomFrom } from '../testing/random.ts'
import { bucketIndex } from './histogram.ts'
import { LoopModel } from './loop.ts'

/** A turn this long is an event of its own, as in the agent. */
const LONG_MS = 5

interface Turn {
  idle: number
  busy: number
}

/** Writes turns into a channel as the program's thread does. */
function write(channel: Channel, model: LoopModel, turns: readonly Turn[]): void {
  for (const { idle, busy } of turns) {
    channel.clock[CLOCK.busy]! += busy
    channel.clock[CLOCK.idle]! += idle
    channel.clock[CLOCK.longest] = Math.max(channel.clock[CLOCK.longest]!, busy)
    channel.turns[bucketIndex(busy) - TURN_MIN_INDEX]! += 1
    if (busy >= LONG_MS) model.longTurn(busy)
  }
}

function randomTurns(random: () => number, count: number, make: () => number): Turn[] {
  return Array.from({ length: count }, () => ({ idle: random() * 20, busy: make() }))
}

/** Of the ms of these turns' life, how many have a delay of at most `border`? By brute force, from the definition. */
function delayedAtMost(turns: readonly Turn[], border: number): number {
  const step = 0.01
  let ms = 0
  for (const { idle, busy } of turns) {
    ms += idle
    for (let at = step / 2; at < busy; at += step) if (busy - at <= border) ms += step
  }
  return ms
}

suite('the delay of the loop', () => {
  test('of long turns is exactly what an arrival at a random instant would wait', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = randomFrom(seed)
      const turns = randomTurns(random, 40, () => LONG_MS + -Math.log(1 - random()) * 60)
      const channel = createChannel()
      const model = new LoopModel()
      write(channel, model, turns)
      model.read(channel, 1000)
      const delay = model.delayTotal()
      const life = turns.reduce((sum, { idle, busy }) => sum + idle + busy, 0)
      assert.ok(Math.abs(delay.count - life) < 1e-6, 'one observation for each ms of life')
      for (const border of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
        const truth = delayedAtMost(turns, border)
        assert.ok(Math.abs(delay.countUpTo(border) - truth) < 0.01 * turns.length + 1e-6, `${border} ms, seed ${seed}`)
      }
    }
  })

  test('of short turns, known by their bucket, is within 3 % of it', () => {
    const random = randomFrom(11)
    const turns = randomTurns(random, 3000, () => 0.05 + -Math.log(1 - random()) * 1.5)
    const channel = createChannel()
    const model = new LoopModel()
    write(channel, model, turns)
    model.read(channel, 1000)
    const delay = model.delayTotal()
    for (const border of [0.25, 0.5, 1, 2, 4, 8]) {
      const truth = delayedAtMost(turns, border)
      assert.ok(
        Math.abs(delay.countUpTo(border) / truth - 1) < 0.03,
        `${border} ms: ${delay.countUpTo(border)}, ${truth}`,
      )
    }
  })

  test('does not depend on how often it is read', () => {
    const random = randomFrom(5)
    const turns = randomTurns(random, 300, () => -Math.log(1 - random()) * 10 + 0.05)
    const once = new LoopModel()
    const often = new LoopModel()
    const channel = createChannel()
    write(channel, once, turns)
    once.read(channel, 1000)
    const other = createChannel()
    for (const [i, turn] of turns.entries()) {
      write(other, often, [turn])
      if (i % 3 === 0) often.read(other, 1000)
    }
    often.read(other, 1000)
    for (const border of [1, 4, 16, 64]) {
      const [a, b] = [once.delayTotal().countUpTo(border), often.delayTotal().countUpTo(border)]
      assert.ok(Math.abs(a - b) < 0.01 * a, `${border} ms: ${a}, ${b}`)
    }
    assert.equal(once.turnsTotal().count, often.turnsTotal().count)
    assert.equal(once.turnsTotal().count, turns.length)
  })
})

suite("the loop's row", () => {
  test('says utilisation, turns a second and the longest turn of the last minute', () => {
    const channel = createChannel()
    const model = new LoopModel()
    write(
      channel,
      model,
      Array.from({ length: 100 }, () => ({ idle: 70, busy: 30 })),
    )
    model.read(channel, 10_000)
    const row = model.row(10_000, 'one', 'main')
    assert.ok(Math.abs(row.utilization - 0.3) < 1e-9)
    assert.ok(Math.abs(row.turnsPerSecond - 10) < 1e-9)
    assert.equal(row.longestTurn, 30)
    assert.ok(Math.abs(row.busy.total - 300) < 1e-6, 'ms a second')
    assert.equal(row.delay.p50, 0, 'most of the time nothing would wait')
    assert.ok(row.delay.p99 > 25 && row.delay.p99 <= 30)
    assert.deepEqual(model.row(100_000, 'one', 'main').utilization, 0, 'a minute later nothing of it is recent')
    assert.equal(model.busyTotal, 3000)
  })

  test('leaves out what is not measured, and says zero only where it was', () => {
    const model = new LoopModel()
    assert.deepEqual(Object.keys(model.row(0, 'one', 'main').busy), ['total'])
    model.part('gc', 0, 0)
    assert.equal(model.row(0, 'one', 'main').busy.gc, 0)
    model.forgetPart('gc')
    assert.equal(model.row(0, 'one', 'main').busy.gc, undefined)
  })
})
