import assert from 'node:assert/strict'
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { suite, test } from 'node:test'
import { onContextUse } from './context-use.ts'
import { Context } from './context.ts'

const one = { name: 'one' }
const two = { name: 'two' }

/** In a callback of the loop of its own. */
function inCallback<T>(fn: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(fn())
      } catch (error) {
        reject(error as Error)
      }
    })
  })
}

suite('a context that is not carried', () => {
  test('is known in the ticks and microtasks of its callback, and no longer in the next one', async () => {
    const context = new Context<object>(false)
    const seen: Record<string, object | undefined> = {}
    const note = (at: string): void => void (seen[at] = context.current())
    await inCallback(() => {
      context.enter(one)
      note('call')
      process.nextTick(() => {
        note('tick')
        queueMicrotask(() => {
          note('microtask of a tick')
          process.nextTick(note, 'tick of a microtask')
        })
      })
      void (async () => {
        await null
        note('await')
        await null
        note('second await')
      })()
      setImmediate(note, 'next')
    })
    await inCallback(() => {})
    const { next, ...rest } = seen
    assert.equal(Object.keys(rest).length, 6)
    for (const [at, value] of Object.entries(rest)) assert.equal(value, one, at)
    assert.ok('next' in seen)
    assert.equal(next, undefined)
  })

  test('of two in one callback is known in the calls, and nobody is named after them', async () => {
    const context = new Context<object>(false)
    const seen: [string, object | undefined][] = []
    const note = (at: string): void => void seen.push([at, context.current()])
    await inCallback(() => {
      for (const each of [one, two]) {
        context.callIn(
          each,
          () => {
            note(each.name)
            process.nextTick(note, 'tick')
            queueMicrotask(() => note('microtask'))
          },
          undefined,
          [],
        )
      }
    })
    await inCallback(() => {})
    const known = new Map(seen.slice(0, 2))
    assert.deepEqual([known.get('one'), known.get('two')], [one, two])
    assert.equal(seen.length, 6)
    for (const [at, value] of seen.slice(2)) assert.notEqual(value, at === 'tick' ? two : one)
    assert.equal(seen.at(-1)![1], undefined)
  })

  test('goes on in the one around it when another has been called in its midst', async () => {
    const context = new Context<object>(false)
    const seen = await inCallback(() => {
      context.enter(one)
      const inside = context.callIn(two, () => context.current(), undefined, [])
      const nobody = context.callIn(undefined, () => context.current(), undefined, [])
      return [inside, nobody, context.current()]
    })
    assert.deepEqual(seen, [two, undefined, one])
  })

  test('is carried from the moment on at which it is told to be', async () => {
    const context = new Context<object>(false)
    const seen = await inCallback(() => {
      context.enter(one)
      context.carry()
      return new Promise((resolve) => setTimeout(() => resolve(context.current()), 1))
    })
    assert.equal(seen, one)
    assert.equal(context.carried, true)
  })
})

suite('the use of AsyncLocalStorage and async_hooks by the program', () => {
  for (const [use, run] of [
    ['run', () => new AsyncLocalStorage().run(1, () => 'result')],
    ['enterWith', () => new AsyncLocalStorage().enterWith(1)],
    [
      'a hook',
      () =>
        createHook({ init() {} })
          .enable()
          .disable(),
    ],
  ] as const) {
    test(`by ${use} is told once, and the patches are taken back`, () => {
      const { run: before, enterWith } = AsyncLocalStorage.prototype
      let told = 0
      onContextUse(() => told++)
      assert.deepEqual(
        [AsyncLocalStorage.prototype.run.name, AsyncLocalStorage.prototype.run.length],
        [before.name, before.length],
      )
      assert.equal(new AsyncLocalStorage().getStore(), undefined)
      assert.equal(told, 0)
      const result = run()
      if (use === 'run') assert.equal(result, 'result')
      assert.equal(told, 1)
      assert.deepEqual([AsyncLocalStorage.prototype.run, AsyncLocalStorage.prototype.enterWith], [before, enterWith])
      run()
      assert.equal(told, 1)
    })
  }
})
