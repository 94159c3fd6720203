import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CAPTURE } from '../protocol/events.ts'
import type { Frame } from '../protocol/rows.ts'
import { callbacksOf, kindOfCapture, type Turn } from './callbacks.ts'
import type { Capture } from './captures.ts'

function frame(name: string, file: string, column = 5, async = false): Frame {
  return { function: name, file, line: 1, column, async }
}

const WORK = frame('work', 'src/work.js')
const IMMEDIATES = [WORK, frame('processImmediate', 'node:internal/timers', 21)]
const TIMERS = [WORK, frame('listOnTimeout', 'node:internal/timers'), frame('processTimers', 'node:internal/timers')]
const TICKS = [WORK, frame('processTicksAndRejections', 'node:internal/process/task_queues', 11)]
const CONTINUED = [WORK, frame('processTicksAndRejections', 'node:internal/process/task_queues', 5)]
const SOCKET = [WORK, frame('emit', 'node:events'), frame('onStreamRead', 'node:internal/stream_base_commons')]

interface Seen {
  at: number
  /** How long its callback went on; left out: it was not over when the next capture was taken. */
  left?: number
  id?: number
  promise?: number
  activity?: number
  late?: number
}

/** Captures as they would come; a callback that goes on is over at the end of the turn. */
function captured(stack: Frame[], seen: Seen[], end: number): Capture[] {
  return seen.map(({ at, left, id = 0, promise = -1, activity = 0, late }, index) => {
    const next = seen.slice(index).find((one) => one.left !== undefined)
    const over = left === undefined && next ? next.at + next.left! : at + (left ?? end - at)
    const callback = { at, id, promiseIndex: promise, over }
    return { turn: 1, at, reason: CAPTURE.block, activity, stack, callback, ...(late ? { late } : {}) }
  })
}

function judge(stack: Frame[], seen: Seen[], duration: number, more: Partial<Turn> = {}) {
  return callbacksOf({
    begin: 0,
    end: duration,
    captures: captured(stack, seen, duration),
    thresholdMs: 20,
    parentOf: () => 0,
    happened: { events: 0, resumed: 0, activities: new Set() },
    ...more,
  })
}

suite('the callbacks of a block', () => {
  test('are many where those that were captured were soon over, and so many at least', () => {
    const seen = [9, 29, 58].map((at) => ({ at, left: 0.3 }))
    const callbacks = judge(IMMEDIATES, seen, 80)!
    assert.deepEqual([callbacks.isMany, callbacks.kind, callbacks.activities], [true, 'immediates', 0])
    assert.ok(callbacks.count >= 150 && callbacks.count <= 80 / 0.3, `${callbacks.count}`)
    assert.ok(callbacks.longest! > 0.2 && callbacks.longest! < 0.4)
  })

  test('are one where it went on for long after its capture', () => {
    const callbacks = judge(TIMERS, [{ at: 9, left: 16 }], 25)!
    assert.deepEqual([callbacks.isMany, callbacks.kind, callbacks.longest], [false, 'timers', 16])
  })

  test('are one where a long one is among many small ones', () => {
    const seen = [{ at: 9, left: 0.1 }, { at: 29 }, { at: 58, left: 2 }, { at: 70, left: 0.1 }]
    const callbacks = judge(SOCKET, seen, 90, { happened: { events: 300, resumed: 0, activities: new Set() } })!
    assert.deepEqual([callbacks.isMany, callbacks.kind, callbacks.count], [false, 'events', 300])
    assert.equal(callbacks.longest, 31)
  })

  test('are one where its capture had to wait for a native call, which it saw only the end of', () => {
    const callbacks = judge(SOCKET, [{ at: 60, late: 51, left: 0.1 }], 61)!
    assert.equal(callbacks.isMany, false)
    assert.ok(callbacks.longest! >= 51)
  })

  test('are told by a single capture too, if it is known when its callback was over', () => {
    assert.equal(judge(IMMEDIATES, [{ at: 9, left: 0.2 }], 22)!.isMany, true)
    const open = captured(IMMEDIATES, [{ at: 9 }], 22)
    delete open[0]!.callback!.over
    assert.equal(judge(IMMEDIATES, [], 22, { captures: open })!.isMany, undefined)
  })

  test('of process.nextTick are told apart by their ids: no microtask runs between them', () => {
    assert.equal(judge(TICKS, [{ at: 9, id: 5 }, { at: 29 }, { at: 58, id: 90 }], 80)!.isMany, true)
    assert.equal(
      judge(
        TICKS,
        [
          { at: 9, id: 5 },
          { at: 29, id: 90 },
          { at: 58, id: 90 },
        ],
        80,
      )!.isMany,
      false,
    )
    assert.equal(judge(TICKS, [{ at: 9, id: 5 }], 26)!.isMany, undefined, 'one capture says nothing')
  })

  test('are not told apart by ids where the code enters an asynchronous scope of its own', () => {
    const scoped = [WORK, frame('runInAsyncScope', 'node:async_hooks'), ...TICKS]
    assert.equal(
      judge(
        scoped,
        [
          { at: 9, id: 5 },
          { at: 58, id: 90 },
        ],
        80,
      )!.isMany,
      false,
    )
  })

  test('of one Promise.all are told apart by the promise that they go on for', () => {
    const seen = [
      { at: 9, promise: 40 },
      { at: 29, promise: 200 },
      { at: 58, promise: 439 },
    ]
    const callbacks = judge(CONTINUED, seen, 80)!
    assert.deepEqual([callbacks.isMany, callbacks.kind, callbacks.count], [true, 'microtasks', 400])
    assert.equal(
      judge(
        CONTINUED,
        [
          { at: 9, promise: 1 },
          { at: 49, promise: 1 },
        ],
        80,
      )!.isMany,
      false,
    )
  })

  test('are many where the requests differ, even in one read of one socket', () => {
    const seen = [
      { at: 9, activity: 3 },
      { at: 29, activity: 60 },
      { at: 58, activity: 140 },
    ]
    const activities = new Set([1, 2, 3, 60, 140, 141])
    const callbacks = judge(SOCKET, seen, 80, { happened: { events: 1, resumed: 0, activities } })!
    assert.deepEqual([callbacks.isMany, callbacks.count, callbacks.activities], [true, 6, 6])
  })

  test('are one where an activity began another within it', () => {
    const seen = [
      { at: 9, activity: 3 },
      { at: 29, activity: 4 },
    ]
    const parentOf = (id: number): number => (id === 4 ? 3 : 0)
    assert.equal(judge(SOCKET, seen, 50, { parentOf })!.isMany, false)
  })

  test('are not spoken of where nothing is known', () => {
    assert.equal(judge(SOCKET, [], 50), undefined)
    const unmarked = captured(SOCKET, [{ at: 9 }], 50).map(({ callback: _, ...capture }) => capture)
    assert.equal(judge(SOCKET, [], 50, { captures: unmarked }), undefined)
    assert.equal(judge(SOCKET, [], 50, { happened: { events: 70, resumed: 0, activities: new Set() } })!.count, 70)
  })
})

suite('who called back', () => {
  const kind = (stack: Frame[], reason: number = CAPTURE.block) => kindOfCapture({ stack, reason })

  test('is what of Node is around the code', () => {
    assert.deepEqual(
      [IMMEDIATES, TIMERS, TICKS, CONTINUED, SOCKET].map((stack) => kind(stack)),
      ['immediates', 'timers', 'nextTicks', 'microtasks', 'events'],
    )
  })

  test('is V8 itself where nothing is', () => {
    assert.equal(kind([WORK]), 'microtasks')
    assert.equal(kind([WORK, frame('next', 'node:events'), frame('handler', 'src/a.js', 5, true)]), 'microtasks')
  })

  test('is not known of a stack that was cut off, nor of none', () => {
    assert.equal(kind(Array<Frame>(24).fill(WORK)), null)
    assert.equal(kind(Array<Frame>(12).fill(WORK), CAPTURE.sample), null)
    assert.equal(kind(Array<Frame>(12).fill(frame('emit', 'node:events'))), 'events')
    assert.equal(kind([]), null)
  })
})
