import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { observe, until } from '../testing/observe.ts'
import { QueueStory } from '../testing/queue-story.ts'
import { pLimit as hook } from './p-limit.ts'

const observed = observe([], [hook])
const { default: pLimit, limitFunction } = await import('p-limit')
const story = new QueueStory(observed)
const { activities, reader } = observed

suite('p-limit', () => {
  test('is hooked in the version that is installed', () => {
    reader.read()
    assert.match(reader.hooked.map((row) => `${row.module} ${row.version} ${row.how}`).join(), /^p-limit 7\.\S+ patch$/)
  })

  test('a call waits for its slot, holds it, and gives it back; the limiter is named by the line that made it', async () => {
    const limit = pLimit(1)
    const [first, second] = ['one', 'two'].map((name) => story.begin(name, () => limit(() => sleep(5, name))))
    assert.equal(limit.pendingCount, 1)
    assert.deepEqual(await Promise.all([first!.result, second!.result]), ['one', 'two'])
    await until('the ends', () => story.steps(second!)[0] === 'take release')
    assert.equal(first!.activity.holds + second!.activity.holds, 0)
    const { name, limit: slots, used, pending, wait, use } = story.model('p-limit')
    assert.match(name, /p-limit\.test\.ts:20$/)
    assert.deepEqual([slots, used, pending], [1, 0, 0])
    assert.ok(wait.max >= 4 && use!.max >= 4, `${wait.max} and ${use!.max} ms`)
  })

  test('each call runs as the activity that made it, after an await too', async () => {
    const limit = pLimit(1)
    const seen: (number | undefined)[] = []
    const look = async (): Promise<void> => {
      seen.push(activities.current()?.id)
      await sleep(1)
      seen.push(activities.current()?.id)
    }
    const stories = ['a', 'b'].map((name) => story.begin(name, () => limit(look)))
    await Promise.all([...stories.map(({ result }) => result), limit(look)])
    const [a, b] = stories.map(({ activity }) => activity.id)
    assert.deepEqual(seen, [a, a, b, b, undefined, undefined])
  })

  test('map is seen, item by item', async () => {
    const limit = pLimit(2)
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const queued = story.begin('map', () =>
      limit.map(new Set(['a', 'b', 'c', 'd', 'e']), async (item, index) => {
        await gate
        return `${item}${index}`
      }),
    )
    await sleep(1)
    const { used, pending } = story.model('p-limit')
    assert.deepEqual([used, pending], [2, 3])
    open()
    assert.deepEqual(await queued.result, ['a0', 'b1', 'c2', 'd3', 'e4'])
    await until('the ends', () => story.steps(queued).every((steps) => steps === 'take release'))
    assert.equal(story.steps(queued).length, 5)
    const broken = function* (): Generator<number> {
      yield 1
      throw new Error('the iterable fails')
    }
    await assert.rejects(
      limit.map(broken(), (item) => item),
      /the iterable fails/,
    )
    await assert.rejects(
      limit.map(undefined as never, (item) => item),
      TypeError,
    )
    await until('the last', () => story.model('p-limit').used === 0 && story.model('p-limit').pending === 0)
  })

  test('results, errors, properties and the handling of rejections are those of p-limit', async () => {
    const limit = pLimit(2)
    const error = new Error('as it is')
    await assert.rejects(
      limit(() => {
        throw error
      }),
      (thrown) => thrown === error,
    )
    let thens = 0
    const thenable = {
      then(resolve: (value: string) => void): void {
        thens++
        resolve('built')
      },
    }
    assert.equal(await limit(() => thenable as unknown as Promise<string>), 'built')
    assert.equal(thens, 1)
    assert.equal(await limit((a: number, b: number) => a + b, 3, 4), 7)
    await assert.rejects(limit('no function' as never), TypeError)
    assert.throws(() => pLimit(0), /number from 1 and up/)
    const names = ['length', 'name', 'activeCount', 'pendingCount', 'clearQueue', 'concurrency', 'map']
    assert.deepEqual(
      Object.getOwnPropertyNames(limit)
        .filter((name) => name !== 'prototype')
        .sort(),
      names.sort(),
    )
    assert.deepEqual([pLimit.name, pLimit.length, limit.name, limit.length], ['pLimit', 1, 'generator', 1])
    limit.concurrency = 5
    assert.equal(limit.concurrency, 5)
    assert.equal(await limitFunction(async (value: number) => value * 2, { concurrency: 1 })(21), 42)
  })

  test('what is cleared waits no longer', async () => {
    const limit = pLimit({ concurrency: 1, rejectOnClear: true })
    let open = (): void => {}
    const running = limit(() => new Promise<void>((resolve) => (open = resolve)))
    const waiting = story.begin('cleared', () => limit(() => {}).catch((error: Error) => error.name))
    await sleep(1)
    limit.clearQueue()
    assert.equal(await waiting.result, 'AbortError')
    assert.deepEqual(story.steps(waiting), ['fail'])
    assert.equal(waiting.activity.holds, 0)
    open()
    await running
  })

  test('limiters of one line are one row, whose limit is the sum of those with tasks', async () => {
    const make = (): ReturnType<typeof pLimit> => pLimit(2)
    const before = reader.pools.size
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const done = Array.from({ length: 10 }, () => make()(() => gate))
    await until('the sum', () => story.model('p-limit').limit === 20)
    assert.equal(story.model('p-limit').used, 10)
    assert.equal(reader.pools.size, before + 1)
    open()
    await Promise.all(done)
  })

  test('a hundred thousand in one turn lose no event', async () => {
    const limit = pLimit(4)
    let ran = 0
    const count = async (): Promise<void> => {
      ran++
    }
    const done = Array.from({ length: 100_000 }, () => limit(count))
    const { used, pending } = story.model('p-limit')
    assert.equal(used, 0)
    const real = limit.pendingCount + limit.activeCount
    assert.ok(Math.abs(pending! - real) <= real / 60, `${pending} of ${real}`)
    await Promise.all(done)
    assert.equal(ran, 100_000)
    await until('the end', () => story.model('p-limit').used === 0 && story.model('p-limit').pending === 0)
    reader.read()
    assert.deepEqual(reader.problems, [])
    observed.stop()
  })
})
