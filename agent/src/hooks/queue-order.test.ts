/** The same tasks in a queue with its hook and in one without: everything happens in the same order, to the microtask. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { observe } from '../testing/observe.ts'
import { fastq } from './fastq.ts'
import { pLimit } from './p-limit.ts'
import { pQueue } from './p-queue.ts'

type Task = () => unknown
type Push = (task: Task) => Promise<unknown>
type Factory = (...args: unknown[]) => unknown

async function byDefault<T>(specifier: string): Promise<T> {
  return ((await import(specifier)) as { default: T }).default
}

interface Libraries {
  queue: new (options: object) => { add: Push }
  limit: (concurrency: number) => Push & { map: (items: unknown[], fn: (item: never) => unknown) => Promise<unknown> }
  fastq: Factory & { promise: Factory }
}

const require = createRequire(import.meta.url)
const plain: Libraries = {
  // By an address that no hook knows.
  queue: await byDefault(`${import.meta.resolve('p-queue')}?plain`),
  limit: await byDefault(`${import.meta.resolve('p-limit')}?plain`),
  fastq: require('fastq') as Libraries['fastq'],
}
delete require.cache[require.resolve('fastq')]
const { activities, recorder, reader, stop } = observe([], [pQueue, pLimit, fastq])
const hooked: Libraries = {
  queue: await byDefault('p-queue'),
  limit: await byDefault('p-limit'),
  fastq: require('fastq') as Libraries['fastq'],
}
after(() => stop())

class Derived extends Promise<unknown> {}

/** What tasks may give back, each with its own number of microtasks. */
const KINDS: ((log: (what: string) => void) => unknown)[] = [
  () => 1,
  () => undefined,
  () => Promise.resolve(2),
  () => Promise.reject(new Error('rejected')),
  () => {
    throw new Error('thrown')
  },
  async (log) => {
    await null
    log('after one await')
    await null
    return 3
  },
  (log) => ({
    get then() {
      log('then is read')
      return (resolve: (value: unknown) => void): void => {
        log('then is called')
        resolve(4)
      }
    },
  }),
  () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject(new Error('by a thenable')) }),
  () => Derived.resolve(5),
  () => Object.assign(Promise.resolve(6), { then: undefined }),
  () => new Promise((resolve) => process.nextTick(resolve, 7)),
]

async function logOf(push: Push, count: number): Promise<string[]> {
  const lines: string[] = []
  let isOver = false
  const clock = (async () => {
    for (let i = 0; !isOver && i < 5000; i++) {
      await null
      lines.push('tick')
    }
  })()
  const results = Array.from({ length: count }, (_, i) => {
    const kind = KINDS[(i * 7 + (i % 3)) % KINDS.length]!
    const log = (what: string): void => void lines.push(`${i} ${what}`)
    const task = (): unknown => {
      log('begins')
      return kind(log)
    }
    return push(task).then(
      (value) => log(`gives ${JSON.stringify(value)}`),
      (error: Error) => log(`fails: ${error.message}`),
    )
  })
  await Promise.all(results)
  isOver = true
  await clock
  return lines
}

const QUEUES: Record<string, (of: Libraries, concurrency: number) => Push> = {
  'p-queue': ({ queue: Queue }, concurrency) => {
    const queue = new Queue({ concurrency })
    return (task) => queue.add(task)
  },
  'p-limit': ({ limit }, concurrency) => limit(concurrency),
  'p-limit, map': ({ limit }, concurrency) => {
    const { map } = limit(concurrency)
    return async (task) => ((await map([task], (item: Task) => item())) as unknown[])[0]
  },
  'fastq with promises': (of, concurrency) => {
    // Its workers have to be async functions.
    const queue = of.fastq.promise(async (task: Task) => task(), concurrency) as { push: Push }
    return (task) => queue.push(task)
  },
  'fastq with callbacks': (of, concurrency) => {
    type Done = (error: unknown, value?: unknown) => void
    const worker = (task: Task, done: Done): void => {
      try {
        void Promise.resolve(task()).then((value) => done(null, value), done)
      } catch (error) {
        done(error)
      }
    }
    const queue = of.fastq(worker, concurrency) as { push(task: Task, done: Done): void }
    return (task) =>
      new Promise((resolve, reject) => {
        queue.push(task, (error, value) => (error ? reject(error) : resolve(value)))
      })
  },
}

suite('with and without the hook', () => {
  for (const [name, make] of Object.entries(QUEUES)) {
    for (const concurrency of [1, 3, Infinity]) {
      test(`${name}, ${concurrency} at once`, async () => {
        reader.read()
        const leases = reader.leases.size
        const without = await logOf(make(plain, concurrency), 40)
        assert.ok(without.length > 100)
        const activity = activities.begin('request', recorder.name('GET'))
        const having = await activities.run(activity, () => logOf(make(hooked, concurrency), 40))
        assert.deepEqual(having, without)
        reader.read()
        assert.equal(reader.leases.size - leases, 40, 'the hook has seen all of them, and none of the others')
        assert.equal(activity.holds, 0)
        activities.end(activity, 'ok', 200)
      })
    }
  }
})
