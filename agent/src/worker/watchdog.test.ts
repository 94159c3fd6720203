/** The watchdog, look by look: time and what the kernel says are given. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Reading } from '@loopscope/collector'
import { CAPTURE, CLOCK, CONTROL, createChannel } from '@loopscope/collector/protocol'
import type { Schedule, ThreadState } from './kernel.ts'
import { Watchdog } from './watchdog.ts'

function setup(thresholdMs = 50, canPing = true) {
  const channel = createChannel()
  const said = {
    state: 'busy' as ThreadState,
    schedule: undefined as Schedule | undefined,
    pings: [] as number[],
    captures: [] as { at: number; beat: number; reason: number }[],
    held: [] as { turn: number; begin: number; now: number }[],
    ended: [] as number[],
    readings: [] as Reading[],
  }
  let time = 0
  const watchdog = new Watchdog(
    {
      channel,
      thresholdMs,
      state: () => said.state,
      now: () => time,
      schedule: () => said.schedule,
      read: (reading) => said.readings.push(reading),
      ping: canPing ? () => said.pings.push(time) : undefined,
      capture: (beat, reason) => said.captures.push({ at: time, beat, reason }),
      held: (turn, begin, now) => said.held.push({ turn, begin, now }),
      ended: () => said.ended.push(time),
    },
    0,
  )
  const turn = (): void => {
    channel.control[CONTROL.beat]! += 1
    channel.clock[CLOCK.lastTurn] = time
  }
  let looks = 0
  let dueAt = 0
  const look = () => {
    looks++
    const said = watchdog.look(time)
    dueAt = said.nextAt
    return said
  }
  /** Until `end`, with a look whenever one is due, and something that the thread does every 2 ms. */
  const until = (end: number, each?: () => void): void => {
    for (; time < end; time += 2) {
      each?.()
      if (time >= dueAt) look()
    }
  }
  return { watchdog, said, turn, until, look, looks: () => looks }
}

suite('the watchdog', () => {
  test('says that a turn is held once it is over the threshold, from its begin on', () => {
    const { said, turn, until } = setup()
    until(10, turn)
    until(58)
    assert.equal(said.held.length, 0)
    until(200)
    assert.deepEqual([said.held[0]!.turn, said.held[0]!.begin], [5, 8])
    assert.ok(said.held[0]!.now >= 58 && said.held[0]!.now <= 62, `at ${said.held[0]!.now} ms`)
  })

  test('captures it before that, again and again, ever more rarely, always with the number of the turn', () => {
    const { said, turn, until } = setup()
    until(10, turn)
    until(4000)
    assert.ok(said.captures[0]!.at >= 8 + 20 && said.captures[0]!.at <= 8 + 26, `at ${said.captures[0]!.at} ms`)
    assert.ok(said.captures.every(({ beat }) => beat === 5))
    const gaps = said.captures.slice(1).map(({ at }, i) => at - said.captures[i]!.at)
    assert.ok(
      gaps.every((gap) => gap >= 48 && gap <= 260),
      gaps.join(),
    )
    assert.ok(said.captures.length < 4000 / 150, 'the block is not made worse')
  })

  test('says when it is over', () => {
    const { said, turn, until, look } = setup()
    until(10, turn)
    until(100)
    assert.deepEqual(said.ended, [])
    turn()
    look()
    assert.deepEqual(said.ended, [100])
  })

  test('reads what the kernel knows before and after a turn, never within it, and what its looks have found', () => {
    const { said, turn, until, look } = setup()
    said.schedule = { cpu: 100, runDelay: 5 }
    until(10, turn)
    until(100)
    said.schedule = { cpu: 170, runDelay: 25 }
    turn()
    look()
    const [before, after] = said.readings.slice(-2) as [Reading, Reading]
    assert.ok(before.at <= 34 && after.at === 100, `${before.at}, ${after.at}`)
    assert.deepEqual([after.cpu - before.cpu, after.runDelay - before.runDelay], [70, 20])
    assert.ok(after.atWork > before.atWork && after.asleep === before.asleep)
  })

  test('asks otherwise, and says so, when the thread waits for a lock', () => {
    const { said, turn, until, look } = setup()
    said.schedule = { cpu: 100, runDelay: 5 }
    until(10, turn)
    said.state = 'waiting'
    until(100)
    turn()
    look()
    assert.ok(said.captures.length > 0 && said.captures.every(({ reason }) => reason === CAPTURE.asleep))
    const { atWork, asleep } = said.readings.at(-1)!
    assert.ok(atWork === 0 && asleep > 0)
  })

  test('sees the end of a long block soon, and a block right after it', () => {
    const { said, turn, until } = setup()
    until(10, turn)
    until(1000)
    // Right after a capture: the next one of this block would come a quarter of a second later.
    until(said.captures.at(-1)!.at + 254)
    const end = said.captures.at(-1)!.at + 4
    until(end)
    turn()
    until(end + 50)
    const { at, beat } = said.captures.at(-1)!
    assert.ok(beat === 6 && at < end + 50, `turn ${beat} at ${at} ms, the block began at ${end} ms`)
  })

  test('says nothing of short turns and of an idle loop', () => {
    const { said, turn, until } = setup()
    until(500, turn)
    said.state = 'idle'
    until(3000)
    assert.deepEqual([said.held, said.captures, said.ended, said.pings], [[], [], [], []])
  })

  test('counts a block from the last look at which the loop was idle, not from its last turn', () => {
    const { said, turn, until } = setup()
    until(10, turn)
    said.state = 'idle'
    until(350)
    said.state = 'busy'
    until(650)
    assert.ok(said.held[0]!.begin >= 220, `${said.held[0]!.begin}`)
  })

  test('that wakes up after a rest is held since it works, not since the last look', () => {
    const { said, turn, until, look } = setup()
    until(10, turn)
    said.state = 'idle'
    said.schedule = { cpu: 500, runDelay: 10 }
    until(1090)
    said.state = 'busy' // woken by an event: a look at once
    look()
    assert.deepEqual([said.held, said.captures], [[], []])
    said.schedule = { cpu: 502, runDelay: 10 }
    until(1300)
    assert.ok(said.held[0]!.begin >= 1085, `${said.held[0]!.begin}`)
    assert.ok(said.captures[0]!.at >= 1085 + 20)
  })

  test('looks rarely while nothing happens, and only when there could be something to see while something does', () => {
    const { said, turn, until, look, looks } = setup()
    until(1000, turn)
    assert.ok(looks() < 1000 / 15, `${looks()} looks in a second of short turns`)
    assert.equal(look().resting, false)
    const busy = looks()
    said.state = 'idle'
    until(3000)
    assert.ok(looks() - busy < 15, `${looks() - busy} looks in two seconds of rest`)
    assert.equal(look().resting, true)
    turn()
    assert.equal(look().resting, false)
  })

  test('is asleep after a long rest, so that the next turn is to wake it', () => {
    const { said, turn, until, look } = setup()
    until(100, turn)
    said.state = 'idle'
    until(300)
    assert.deepEqual([look().resting, look().asleep], [true, false])
    until(900)
    assert.deepEqual([look().resting, look().asleep], [true, true])
    turn()
    assert.deepEqual([look().resting, look().asleep], [false, false])
  })
})

suite('the watchdog without the word of the kernel', () => {
  test('pings: an idle loop turns for it, a held one does not', () => {
    const { said, turn, until } = setup()
    said.state = 'unknown'
    until(10, turn)
    until(60)
    assert.ok(said.pings.length >= 1)
    until(140)
    assert.ok(said.captures.length >= 1, 'nobody answered the ping: it is held')
    assert.ok(said.held.length >= 1)
  })

  test('wakes an idle loop ever less often', () => {
    const { said, turn, until } = setup()
    said.state = 'unknown'
    let answered = 0
    until(10_000, () => {
      if (said.pings.length === answered) return
      answered = said.pings.length
      turn()
    })
    assert.deepEqual([said.held, said.captures], [[], []])
    const gaps = said.pings.slice(1).map((at, i) => at - said.pings[i]!)
    assert.ok(gaps.at(-1)! >= 160, gaps.join())
    assert.ok(said.pings.length < 10_000 / 100)
  })

  test('takes a thread that it cannot wake for idle, not for held', () => {
    const { said, turn, until } = setup(50, false)
    said.state = 'unknown'
    until(10, turn)
    until(3000)
    assert.deepEqual([said.held, said.captures, said.pings], [[], [], []])
  })
})
