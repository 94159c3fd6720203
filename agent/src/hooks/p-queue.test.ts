import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type PQueueClass from 'p-queue'
import { observe, until } from '../testing/observe.ts'
import { QueueStory } from '../testing/queue-story.ts'
import { pQueue } from './p-queue.ts'

const observed = observe([], [pQueue])
const { default: PQueue } = await import('p-queue')
const story = new QueueStory(observed)
const { activities, reader } = observed

suite('p-queue', () => {
  test('is hooked in the version that is installed', () => {
    reader.read()
    assert.match(reader.hooked.map((row) => `${row.module} ${row.version} ${row.how}`).join(), /^p-queue 9\.\S+ patch$/)
  })

  test('a task waits for its slot, holds it, and gives it back; the queue is named by the line that made it', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const order: string[] = []
    const task = (name: string) => async (): Promise<string> => {
      order.push(`begin ${name}`)
      await sleep(5)
      order.push(`end ${name}`)
      return name
    }
    const first = story.begin('one', () => queue.add(task('a')))
    const second = story.begin('two', () => queue.add(task('b')))
    assert.deepEqual(story.steps(first), ['take'])
    assert.deepEqual(story.steps(second), [''])
    assert.deepEqual(await Promise.all([first.result, second.result]), ['a', 'b'])
    await until('the ends', () => story.steps(second)[0] === 'take release')
    assert.deepEqual(order, ['begin a', 'end a', 'begin b', 'end b'])
    assert.equal(first.activity.holds + second.activity.holds, 0)
    assert.match(story.made('p-queue')!, /p-queue\.test\.ts:2\d$/)
    assert.deepEqual(story.pool('p-queue')!.limit, 1)
    const { used, pending, wait, use } = story.model('p-queue')
    assert.deepEqual([used, pending], [0, 0])
    assert.ok(wait.max >= 4 && use!.max >= 4, `${wait.max} and ${use!.max} ms`)
  })

  test('a task runs as the activity that has added it, after an await too; so does one of no activity', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const seen: (number | undefined)[] = []
    const look = async (): Promise<void> => {
      seen.push(activities.current()?.id)
      await sleep(1)
      seen.push(activities.current()?.id)
    }
    const stories = ['a', 'b', 'c'].map((name) => story.begin(name, () => queue.add(look)))
    const nobody = queue.add(look)
    await Promise.all([...stories.map(({ result }) => result), nobody])
    const [a, b, c] = stories.map(({ activity }) => activity.id)
    assert.deepEqual(seen, [a, a, b, b, c, c, undefined, undefined])
  })

  test('results, errors, order and the handling of rejections are those of p-queue', async () => {
    const queue = new PQueue({ concurrency: 2 })
    const error = new Error('as it is')
    await assert.rejects(
      queue.add(() => {
        throw error
      }),
      (thrown) => thrown === error,
    )
    await assert.rejects(
      queue.add(() => Promise.reject(error)),
      (thrown) => thrown === error,
    )
    let thens = 0
    const thenable = {
      then(resolve: (value: string) => void): void {
        thens++
        resolve('built')
      },
    }
    assert.equal(await queue.add(() => thenable as unknown as Promise<string>), 'built')
    assert.equal(thens, 1)
    assert.equal(await queue.add(() => 7), 7)
    await assert.rejects(queue.add('no function' as never), TypeError)
    assert.deepEqual(await queue.addAll([() => 1, async () => 2]), [1, 2])
    const byPriority: number[] = []
    queue.pause()
    const all = [1, 3, 2].map((priority) => queue.add(() => byPriority.push(priority), { priority }))
    queue.start()
    await Promise.all(all)
    assert.deepEqual(byPriority, [3, 2, 1])
    const signals: unknown[] = []
    const controller = new AbortController()
    await queue.add(({ signal }) => signals.push(signal), { signal: controller.signal })
    assert.deepEqual(signals, [controller.signal])
    assert.equal(PQueue.prototype.add.name, 'add')
    assert.equal(PQueue.prototype.add.length, 1)
    const setter = Object.getOwnPropertyDescriptor(PQueue.prototype, 'concurrency')!.set!
    assert.equal(setter.name, 'set concurrency')
    assert.throws(() => new PQueue({ concurrency: 0 }), /number from 1 and up/)
  })

  test('work that waits in the queue outlives its activity, with the line that queued it', async () => {
    const queue = new PQueue({ concurrency: 1 })
    let open = (): void => {}
    void queue.add(() => new Promise<void>((resolve) => (open = resolve)))
    const { activity } = story.begin('after', () => void queue.add(() => {}))
    activities.end(activity, 'ok', 200)
    reader.read()
    const told = reader.activities.get(activity.id)!
    assert.equal(told.outlived.length, 1)
    assert.match(told.outlived[0]!.site, /p-queue\.test\.ts/)
    assert.deepEqual(told.settled, [])
    open()
    await queue.onIdle()
    reader.read()
    assert.deepEqual(told.settled, ['ok'])
  })

  test('what is cleared or aborted waits no longer', async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false })
    const controller = new AbortController()
    const cleared = story.begin('cleared', () => void queue.add(() => {}))
    queue.clear()
    const aborted = story.begin('aborted', () => queue.add(() => {}, { signal: controller.signal }).catch(() => {}))
    assert.equal(aborted.activity.holds, 1)
    controller.abort()
    await until('the end of the aborted one', () => aborted.activity.holds === 0)
    assert.equal(cleared.activity.holds, 0)
    assert.deepEqual([...story.steps(cleared), ...story.steps(aborted)], ['fail', 'fail'])
    assert.equal(queue.size, 0)
  })

  test('what waits in a queue that nobody has any more is over when that is collected', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { activity } = story.begin('forgotten', () => {
      const queue = new PQueue({ autoStart: false })
      void queue.add(() => {})
    })
    assert.equal(activity.holds, 1)
    await until('its end', () => {
      collect()
      return activity.holds === 0
    })
  })

  test('a task that p-queue gives up on frees its slot, and holds its activity until it is over', async () => {
    const queue = new PQueue({ concurrency: 1, timeout: 20 })
    let finish = (): void => {}
    const slow = story.begin('slow', () =>
      queue.add(() => new Promise<void>((resolve) => (finish = resolve))).catch((error: Error) => error.name),
    )
    assert.equal(await slow.result, 'TimeoutError')
    await until('the slot', () => story.steps(slow)[0] === 'take release')
    assert.equal(slow.activity.holds, 1)
    finish()
    await until('its end', () => slow.activity.holds === 0)
  })

  test('a queue that gets another limit says so; without one it has none', async () => {
    const queue = new PQueue({ concurrency: 2 })
    const done = [1, 2, 3].map(() => queue.add(() => sleep(10)))
    assert.equal(story.pool('p-queue')!.limit, 2)
    queue.concurrency = 3
    await until('the new limit', () => story.pool('p-queue')!.limit === 3)
    await Promise.all(done)
    const unlimited = new PQueue()
    await unlimited.add(() => {})
    assert.equal(story.pool('p-queue')!.limit, Infinity)
  })
})

test('a thousand tasks, four at once, in one turn: the numbers are right before any turn has ended', async () => {
  const queue: PQueueClass = new PQueue({ concurrency: 4 })
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const { result: done } = story.begin('many', () => Array.from({ length: 1000 }, () => queue.add(() => gate)))
  assert.deepEqual([queue.pending, queue.size], [4, 996])
  const { used, pending, holders, name } = story.model('p-queue')
  assert.deepEqual([used, pending, holders.length], [4, 996, 4])
  assert.deepEqual(
    story.tasks().flatMap(({ waitingOn }) => (waitingOn ? [`${waitingOn.kind} ${waitingOn.name}`] : [])),
    [`queue p-queue ${name}`],
  )
  open()
  await Promise.all(done)
  await until('the end', () => story.pool('p-queue')!.used === 0 && story.pool('p-queue')!.pending === 0)
  observed.stop()
})
