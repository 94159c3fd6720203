import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { CAPTURE, CLOCK, CONTROL, createChannel, EVENT, PART } from '@loopscope/collector/protocol'
import { Reader } from '../worker/reader.ts'
import { Activities } from './activity.ts'
import { CAPTURE_KEY } from './capture-key.ts'
import { installCapture } from './capture.ts'
import { now } from './clock.ts'
import { Recorder } from './recorder.ts'

interface Taken {
  turn: number
  activity: number
  reason: number
  frames: string[][]
}

function setup(t: TestContext, onContext?: (turn: number) => void) {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  const activities = new Activities(recorder, now, { context: true })
  const remove = installCapture({ recorder, activities, now, ...(onContext ? { onContext } : {}) })
  t.after(remove)
  const reader = new Reader(channel)
  const capture = (beat: number, reason: number = CAPTURE.block): void =>
    (globalThis as unknown as Record<symbol, (beat: number, reason: number) => void>)[Symbol.for(CAPTURE_KEY)]!(
      beat,
      reason,
    )
  function taken(): Taken[] {
    const all: Taken[] = []
    let missing = 0
    reader.drain((kind, id, time, a, b) => {
      if (kind === EVENT.capture) {
        all.push({ turn: id, activity: a, reason: b % 4, frames: [] })
        missing = Math.floor(b / 4)
      } else if (kind === EVENT.frames) {
        for (const name of [id, time, a, b]) if (missing-- > 0) all.at(-1)!.frames.push(reader.name(name).split(PART))
      }
    })
    return all
  }
  return { channel, recorder, activities, capture, taken }
}

suite('a capture', () => {
  test('has the frames of the code below it, innermost first, each with its line', (t) => {
    const { capture, taken } = setup(t)
    function inner(): void {
      // In the worker's way the first frame is the evaluated expression: here it is this arrow function.
      ;(() => capture(0))()
    }
    function outer(): void {
      inner()
    }
    outer()
    const [{ frames, turn, reason, activity }] = taken() as [Taken]
    assert.deepEqual({ turn, reason, activity }, { turn: 0, reason: CAPTURE.block, activity: 0 })
    const named = frames.map(([, , , name]) => name)
    const at = named.indexOf('inner')
    assert.equal(named[at + 1], 'outer')
    const [flags, line, column, , file] = frames[at]!
    assert.match(flags!, /^\d+:\d+$/, 'where its function begins')
    assert.ok(Number(line) > 10 && Number(column) > 0)
    assert.equal(file, import.meta.url)
  })

  test('has the activity whose code runs', (t) => {
    const { activities, capture, recorder, taken } = setup(t)
    const activity = activities.begin('request', recorder.name('GET'))
    activities.run(activity, () => capture(0))
    assert.equal(taken()[0]!.activity, activity.id)
  })

  test('that comes for another turn is not taken', (t) => {
    const { capture, channel, taken } = setup(t)
    channel.control[CONTROL.beat] = 7
    capture(6)
    assert.deepEqual(taken(), [])
    capture(7)
    capture(-1, CAPTURE.sample)
    assert.deepEqual(
      taken().map(({ turn, reason }) => [turn, reason]),
      [
        [7, CAPTURE.block],
        [7, CAPTURE.sample],
      ],
    )
    assert.equal(channel.control[CONTROL.captures], 2)
    assert.ok(channel.clock[CLOCK.captureCost]! > 0)
  })

  test('that falls into the writing of a name is not taken', (t) => {
    const { capture, recorder, taken } = setup(t)
    recorder.naming = true
    capture(0)
    recorder.naming = false
    assert.deepEqual(taken(), [])
  })

  test("leaves the program's error settings as they were, whatever they are", (t) => {
    const { capture, taken } = setup(t)
    const { prepareStackTrace, stackTraceLimit } = Error
    t.after(() => {
      if (prepareStackTrace === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
      else Error.prepareStackTrace = prepareStackTrace
      Error.stackTraceLimit = stackTraceLimit
    })
    const own = (error: Error): string => error.message
    Error.prepareStackTrace = own
    Error.stackTraceLimit = 3
    capture(0)
    assert.deepEqual([Error.prepareStackTrace, Error.stackTraceLimit], [own, 3])
    delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
    Error.stackTraceLimit = 0
    capture(0)
    assert.deepEqual([Object.hasOwn(Error, 'prepareStackTrace'), Error.stackTraceLimit], [false, 0])
    assert.equal(taken().filter(({ frames }) => frames.length > 0).length, 2)
  })

  test('of a deep stack is bounded', (t) => {
    const { capture, taken } = setup(t)
    const deep = (depth: number): void => (depth === 0 ? capture(0) : deep(depth - 1))
    deep(500)
    assert.equal(taken()[0]!.frames.length, 24)
  })

  test('at the end of the stack throws nothing, and the next one is taken', (t) => {
    const { capture, taken, channel } = setup(t)
    let deepest = 0
    function overflow(depth: number): void {
      deepest = depth
      capture(0)
      overflow(depth + 1)
    }
    assert.throws(() => overflow(0), RangeError)
    taken()
    channel.control[CONTROL.dropped] = 0
    channel.control[CONTROL.tail] = channel.control[CONTROL.head]!
    assert.ok(deepest > 100)
    capture(0)
    assert.ok(taken().at(-1)!.frames.length > 0)
  })

  test('whose helper fails is of no consequence to the program', (t) => {
    const { capture } = setup(t, () => {
      throw new Error('planted')
    })
    capture(0)
  })
})
