import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CONTROL, createChannel, EVENT } from '@loopscope/collector/protocol'
import { Reader } from '../worker/reader.ts'
import { Allowances } from './allow.ts'
import { Recorder } from './recorder.ts'

function setup(options = { context: true }) {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  let time = 0
  const allowances = new Allowances(recorder, () => time, options)
  const reader = new Reader(channel)
  /** What was recorded since the last look: why, and for how long it held the loop (0: a mark of a capture). */
  const events = (): [string, number][] => {
    const found: [string, number][] = []
    reader.drain((kind, turn, _, a, b) => {
      assert.deepEqual([kind, turn], [EVENT.allowed, channel.control[CONTROL.beat]])
      found.push([reader.name(a), b])
    })
    return found
  }
  /** As a capture would at this moment. */
  const capture = (): string | undefined => {
    allowances.mark(channel.control[CONTROL.beat]!)
    return events()[0]?.[0]
  }
  return { channel, allowances, events, capture, pass: (ms: number) => void (time += ms) }
}

suite('allowBlocking', () => {
  test('gives back what fn gives back, and passes its errors on', async () => {
    const { allowances } = setup()
    const object = {}
    assert.equal(
      allowances.run(() => object, 'x'),
      object,
    )
    const error = new Error('planted')
    const thrower = (): void => {
      throw error
    }
    assert.throws(
      () => allowances.run(thrower, 'x'),
      (thrown) => thrown === error,
    )
    assert.equal(await allowances.run(() => Promise.resolve(object), 'x'), object)
    await assert.rejects(
      allowances.run(() => Promise.reject(error), 'x'),
      (thrown) => thrown === error,
    )
  })

  test('leaves a thenable and a promise with methods alone: to look at it may start its work', () => {
    const { allowances } = setup()
    const lazy = { then: () => assert.fail('it was started') }
    assert.equal(
      allowances.run(() => lazy, 'x'),
      lazy,
    )
    const cancellable = Object.assign(Promise.resolve(), { cancel() {} })
    assert.equal(
      allowances.run(() => cancellable, 'x'),
      cancellable,
    )
    class Own extends Promise<void> {}
    const own = Own.resolve()
    assert.equal(
      allowances.run(() => own, 'x'),
      own,
    )
  })

  test('a rejection that nobody handles stays unhandled, once', async () => {
    const { allowances } = setup()
    const seen: unknown[] = []
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason) => seen.push(reason))
    void allowances.run(async () => Promise.reject(new Error('planted')), 'x')
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
    assert.equal(seen.length, 1)
  })

  test('says how long the synchronous part held the loop, and nothing of a short one', () => {
    const { allowances, events, pass, channel } = setup()
    channel.control[CONTROL.beat] = 7
    allowances.run(() => pass(80), 'import')
    allowances.run(() => pass(0.5), 'short')
    assert.deepEqual(events(), [['import', 80]])
  })

  test('also of one that throws', () => {
    const { allowances, events, pass, capture } = setup()
    const thrower = (): never => {
      pass(30)
      throw new Error('planted')
    }
    assert.throws(() => allowances.run(thrower, 'import'))
    assert.deepEqual(events(), [['import', 30]])
    assert.equal(capture(), undefined)
  })

  test('nested, the time counts once, and a capture says the innermost reason', () => {
    const { allowances, events, pass, capture } = setup()
    const seen: (string | undefined)[] = []
    allowances.run(() => {
      pass(10)
      allowances.run(() => {
        pass(10)
        seen.push(capture())
      }, 'inner')
      seen.push(capture())
    }, 'outer')
    assert.deepEqual([seen, events()], [['inner', 'outer'], [['outer', 20]]])
  })

  test('holds for an async fn until it settles, and not for what it has started and left behind', async () => {
    const { allowances, capture } = setup()
    const seen: (string | undefined)[] = []
    const gate = Promise.withResolvers<void>()
    let leftBehind: Promise<void> | undefined
    await allowances.run(async () => {
      leftBehind = gate.promise.then(() => void seen.push(capture()))
      await sleep(1)
      seen.push(capture())
      await allowances.run(() => sleep(1), 'inner')
      seen.push(capture())
    }, 'import')
    seen.push(capture())
    gate.resolve()
    await leftBehind
    assert.deepEqual(seen, ['import', 'import', undefined, undefined])
  })

  test('two at the same time do not see each other', async () => {
    const { allowances, capture } = setup()
    const seen: string[] = []
    const task = (name: string, ms: number) =>
      allowances.run(async () => {
        await sleep(ms)
        seen.push(`${name}: ${capture()}`)
        await sleep(3)
        seen.push(`${name}: ${capture()}`)
      }, name)
    await Promise.all([task('a', 1), task('b', 2)])
    assert.deepEqual(seen.sort(), ['a: a', 'a: a', 'b: b', 'b: b'])
  })

  test('a chain in which each run starts the next does not grow, and does not stay allowed', async () => {
    const { allowances, capture } = setup()
    let left = 2000
    let depth = 0
    await new Promise<void>((resolve) => {
      const step = (): void => {
        if (capture() !== undefined) depth++
        if (--left === 0) resolve()
        else allowances.run(() => void setImmediate(step), 'chain')
      }
      step()
    })
    assert.deepEqual([left, depth], [0, 0])
  })

  test('without the async context the synchronous part is known all the same', async () => {
    const { allowances, capture } = setup({ context: false })
    const seen: (string | undefined)[] = []
    await allowances.run(async () => {
      seen.push(capture())
      await sleep(1)
      seen.push(capture())
    }, 'import')
    assert.deepEqual(seen, ['import', undefined])
  })

  test('reasons that a program makes up as it goes do not fill the table of names', () => {
    const { allowances, channel, events, pass } = setup()
    for (let i = 0; i < 5000; i++) allowances.run(() => pass(2), `order ${i}`)
    assert.ok(channel.control[CONTROL.names]! < 110)
    assert.equal(events().at(-1)![0], 'other')
  })
})

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
