import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { observe, until } from '../testing/observe.ts'
import { QueueStory } from '../testing/queue-story.ts'
import { fastq as hook } from './fastq.ts'

const observed = observe([], [hook])
const { default: fastq } = await import('fastq')
const story = new QueueStory(observed)
const { activities, reader } = observed

type Done = (error: Error | null, result?: unknown) => void

suite('fastq', () => {
  test('is hooked in the version that is installed', () => {
    reader.read()
    assert.match(reader.hooked.map((row) => `${row.module} ${row.version} ${row.how}`).join(), /^fastq 1\.\S+ patch$/)
  })

  for (const [api, line] of [
    ['callbacks', 34],
    ['promises', 43],
  ] as const) {
    test(`with ${api}, a task waits for its slot, holds it and gives it back, and runs as the activity that pushed it`, async () => {
      const seen: string[] = []
      const look = async (value: string): Promise<string> => {
        seen.push(`${value} ${activities.current()?.id}`)
        await sleep(5)
        return value.toUpperCase()
      }
      let push: (value: string) => Promise<unknown>
      if (api === 'callbacks') {
        const queue = fastq((value: string, done: Done) => void look(value).then((result) => done(null, result)), 1)
        push = (value) =>
          new Promise((resolve) =>
            queue.push(value, (_, result) => {
              seen.push(`done ${value} ${activities.current()?.id}`)
              resolve(result)
            }),
          )
      } else {
        const queue = fastq.promise(look, 1)
        push = (value) => queue.push(value)
      }
      const stories = ['a', 'b', 'c'].map((name) => story.begin(name, () => push(name)))
      assert.deepEqual(
        stories.map((each) => story.steps(each)),
        [['take'], [''], ['']],
      )
      assert.deepEqual(await Promise.all(stories.map(({ result }) => result)), ['A', 'B', 'C'])
      const ids = stories.map(({ activity }) => activity.id)
      const expected = ['a', 'b', 'c'].flatMap((name, i) =>
        api === 'callbacks' ? [`${name} ${ids[i]}`, `done ${name} ${ids[i]}`] : [`${name} ${ids[i]}`],
      )
      assert.deepEqual(seen, expected)
      assert.deepEqual(
        stories.map((each) => story.steps(each)),
        [['take release'], ['take release'], ['take release']],
      )
      assert.deepEqual(
        stories.map(({ activity }) => activity.holds),
        [0, 0, 0],
      )
      const { name, used, pending, wait, use } = story.model('fastq')
      assert.match(name, new RegExp(`fastq\\.test\\.ts:${line}$`))
      assert.deepEqual([used, pending], [0, 0])
      assert.ok(wait.max >= 8 && use!.max >= 4, `${wait.max} and ${use!.max} ms`)
    })
  }

  test('what is put first, pushed by a worker or by `saturated` keeps its activity', async () => {
    const ran: string[] = []
    const waiting: Done[] = []
    const queue = fastq((value: string, done: Done) => {
      ran.push(`${value} ${activities.current()?.id}`)
      waiting.push(done)
    }, 1)
    const ids: Record<string, number> = {}
    const push = (name: string, how: 'push' | 'unshift' = 'push'): void => {
      ids[name] = story.begin(name, () => queue[how](name)).activity.id
    }
    queue.saturated = () => push('saturated')
    push('running')
    push('last')
    push('first', 'unshift')
    queue.concurrency = 2
    while (waiting.length > 0) waiting.shift()!(null)
    const order = ['running', 'first', 'last', 'saturated']
    assert.deepEqual(
      ran,
      order.map((name) => `${name} ${ids[name]}`),
    )
    assert.ok(queue.idle())
    queue.pause()
    queue.saturated = () => {}
    push('paused')
    assert.equal(ran.length, 4)
    queue.resume()
    assert.equal(ran.at(-1), `paused ${ids.paused}`)
    waiting.shift()!(null)
    const sync = fastq((value: number, done: Done) => done(null, value + 1), 1)
    const results: unknown[] = []
    sync.push(1, (_, result) => {
      results.push(result)
      sync.push(10, (__, more) => results.push(more))
    })
    assert.deepEqual(results, [2, 11])
    assert.deepEqual([story.model('fastq').used, story.model('fastq').pending], [0, 0])
  })

  test('results, errors and properties are those of fastq', async () => {
    const context = { who: 'me' }
    const error = new Error('as it is')
    const handled: unknown[] = []
    const queue = fastq(
      context,
      function (this: unknown, value: string, done: Done) {
        assert.equal(this, context)
        if (value === 'bad') done(error)
        else done(null, value)
      },
      3,
    )
    queue.error((...args) => handled.push(args))
    const got: unknown[] = []
    queue.push('bad', function (this: unknown, ...args) {
      got.push(this === context, ...args)
    })
    queue.push('good')
    assert.deepEqual(got, [true, error, undefined])
    assert.deepEqual(handled, [
      [error, 'bad'],
      [null, 'good'],
    ])
    assert.equal(queue.concurrency, 3)
    assert.throws(() => (queue.concurrency = 0), /equal to or greater than 1/)
    assert.throws(() => fastq(() => {}, 0), /equal to or greater than 1/)
    assert.deepEqual([queue.push.name, queue.push.length, fastq.name, fastq.length], ['push', 2, 'fastqueue', 3])
    const promised = fastq.promise(async (value: string) => {
      if (value === 'bad') throw error
      return value
    }, 1)
    await assert.rejects(promised.push('bad'), (thrown) => thrown === error)
    assert.equal(await promised.unshift('good'), 'good')
    await promised.drained()
  })

  test('those by which Fastify starts and ends are left out', async () => {
    reader.read()
    const before = reader.pools.size
    const { default: fastify } = await import('fastify5')
    const app = fastify()
    await app.ready()
    await app.close()
    reader.read()
    assert.ok(reader.hooked.length > 0)
    assert.equal(reader.pools.size, before)
  })

  test('killed and aborted tasks wait no longer', async () => {
    const stuck = fastq((_: string, _done: Done) => {}, 1)
    const errors: unknown[] = []
    stuck.push('runs')
    const killed = story.begin('killed', () => stuck.push('killed'))
    assert.equal(killed.activity.holds, 1)
    stuck.kill()
    assert.equal(killed.activity.holds, 0)
    const aborted = story.begin('aborted', () => stuck.push('aborted', (error) => errors.push(error?.message)))
    ;(stuck as unknown as { abort(): void }).abort()
    assert.deepEqual(errors, ['abort'])
    assert.equal(aborted.activity.holds, 0)
    assert.deepEqual([story.steps(killed), story.steps(aborted)], [['fail'], ['fail']])
    reader.read()
    await until('no problems', () => reader.problems.length === 0)
    observed.stop()
  })
})
