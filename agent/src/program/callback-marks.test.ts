import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { suite, test, type TestContext } from 'node:test'
import { createChannel, EVENT } from '@loopscope/collector/protocol'
import { Reader } from '../worker/reader.ts'
import { CallbackMarks } from './callback-marks.ts'
import { now } from './clock.ts'
import { Recorder } from './recorder.ts'

async function setup(events = 0) {
  const channel = createChannel()
  const marks = new CallbackMarks(new Recorder(channel), now, () => events)
  const reader = new Reader(channel)
  const seen: { kind: number; turn: number; a: number; b: number }[] = []
  const told = () => {
    reader.drain((kind, turn, _time, a, b) => seen.push({ kind, turn, a, b }))
    return seen
  }
  const overs = (): number => told().filter(({ kind }) => kind === EVENT.callbackOver).length
  await nextImmediate()
  return { marks, told, overs }
}

function nextImmediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Two callbacks of one turn. */
function inCallbacks(first: () => void, second: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const attempt = (fn: () => void) => () => {
      try {
        fn()
      } catch (error) {
        reject(error as Error)
      }
    }
    setImmediate(attempt(first))
    setImmediate(attempt(second))
    setImmediate(resolve)
  })
}

function initsOf(t: TestContext, fn: () => void): string[] {
  const types: string[] = []
  const hook = createHook({ init: (_id, type) => void types.push(type) })
  t.after(() => hook.disable())
  hook.enable()
  fn()
  const made = [...types]
  hook.disable()
  return made
}

suite('the callback of a capture', () => {
  test('is over when the next one runs, not while it goes on', async () => {
    const { marks, overs } = await setup()
    await inCallbacks(
      () => {
        marks.captured(7, -1)
        marks.captured(7, -1)
        assert.equal(overs(), 0)
      },
      () => {
        assert.equal(overs(), 1, 'two captures of one callback are over at once')
        marks.captured(7, -1)
      },
    )
    assert.equal(overs(), 2)
  })

  test('has an id of its own, and says what poll had given when it was over', async () => {
    const { marks, told } = await setup(44)
    await inCallbacks(
      () => marks.captured(7, -1),
      () => marks.captured(7, 3),
    )
    const [first, over, second] = told()
    assert.deepEqual([over!.kind, over!.turn, over!.a], [EVENT.callbackOver, 7, 44])
    assert.ok(first!.a > 0 && second!.a > 0 && first!.a !== second!.a)
    assert.deepEqual([first!.b, second!.b], [0, 4])
  })

  test('is marked without making anything that a program could see in the interrupt', async (t) => {
    const { marks } = await setup()
    const made = initsOf(t, () => marks.captured(1, -1))
    assert.deepEqual(made, [])
    assert.ok(initsOf(t, () => void Promise.resolve().then(() => {})).length > 0, 'the hook does see promises')
  })
})
