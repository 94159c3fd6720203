/** What needs no Redis: the library's own methods, called as its worker calls them. The whole is in test/bullmq.e2e.ts. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, suite, test } from 'node:test'
import { observe, until } from '../testing/observe.ts'
import { QueueStory } from '../testing/queue-story.ts'
import { bullmqLocks } from './bullmq-locks.ts'
import { bullmq } from './bullmq.ts'

const observed = observe([], [bullmq, bullmqLocks])
const { Worker, LockManager } = (await import('bullmq')) as unknown as {
  Worker: {
    prototype: { callProcessJob: (job: unknown, token?: string) => unknown; emit: (...args: unknown[]) => unknown }
  }
  LockManager: new (
    worker: unknown,
    opts: unknown,
  ) => { start(): void; trackJob(...args: unknown[]): void; close(): Promise<void> }
}
const story = new QueueStory(observed)
const { activities, reader } = observed

interface FakeWorker {
  name: string
  concurrency: number
  processFn: (job: unknown, token?: string) => unknown
}

function work(name: string, processFn: FakeWorker['processFn'], job: object): { worker: FakeWorker; result: unknown } {
  const worker = { name, concurrency: 3, processFn }
  const given = { id: '1', name: 'send', timestamp: Date.now(), attemptsMade: 0, attemptsStarted: 1, ...job }
  return { worker, result: Worker.prototype.callProcessJob.call(worker, given, 'token') }
}

const jobs = () => {
  reader.read()
  return [...reader.activities.values()].filter(({ kind }) => kind === 'job')
}

after(() => observed.stop())

suite('a job of BullMQ', () => {
  test('is hooked in the version that is installed', () => {
    reader.read()
    assert.deepEqual(
      reader.hooked.map((row) => `${row.module} ${row.version.split('.')[0]} ${row.how}`),
      ['bullmq 5 patch', 'bullmq 5 patch'].slice(0, reader.hooked.length),
    )
    assert.ok(reader.hooked.length > 0)
  })

  test('is an activity by queue and name, carried through its processor, and holds a slot of the worker', async () => {
    const seen: unknown[] = []
    const { result } = work(
      'mails',
      async (job, token) => {
        seen.push(token, activities.current()!.kind)
        await sleep(5)
        seen.push(activities.current()!.kind)
        return job
      },
      { timestamp: Date.now() - 5000, opts: { delay: 3000 } },
    )
    const row = story.model('bullmq')
    assert.deepEqual([row.kind, row.name, row.limit, row.used, row.pending], ['queue', 'mails', 3, 1, null])
    assert.equal(row.holders[0]!.route, 'mails:send')
    assert.ok(Math.abs(row.wait.max - 2000) < 500, `waited ${row.wait.max} ms since it was due`)
    assert.equal(((await result) as { name: string }).name, 'send')
    assert.deepEqual(seen, ['token', 'job', 'job'])
    await until('its end', () => jobs()[0]!.ends.length === 1)
    assert.deepEqual(jobs()[0]!.ends, [{ outcome: 'ok', status: 0 }])
    assert.equal(story.model('bullmq').used, 0)
  })

  test('that fails has failed, by the same error; one that delays itself has not', async () => {
    const error = new Error('as it is')
    const delayed = Object.assign(new Error('later'), { name: 'DelayedError' })
    for (const [reason, outcome] of [
      [error, 'failed'],
      [delayed, 'ok'],
      ['no error at all', 'failed'],
    ] as const) {
      const count = jobs().length
      await assert.rejects(
        work('mails', () => Promise.reject(reason), {}).result as Promise<unknown>,
        (thrown) => thrown === reason,
      )
      assert.equal(jobs()[count]!.ends[0]!.outcome, outcome)
    }
    assert.throws(
      () =>
        work(
          'mails',
          () => {
            throw error
          },
          {},
        ),
      (thrown) => thrown === error,
    )
    assert.equal(jobs().at(-1)!.ends[0]!.outcome, 'failed')
  })

  test('that was tried before says so, and not how long it waited', async () => {
    const before = story.model('bullmq').wait.max
    await work('mails', () => 1, { timestamp: 0, attemptsMade: 1, attemptsStarted: 2 }).result
    assert.equal(story.model('bullmq').wait.max, before)
    assert.equal(story.background().find(({ name }) => name === 'mails:send')!.retried, 1)
  })

  test('that loses its lock is counted once, until it is worked on again', () => {
    const { worker } = work('mails', () => 1, {})
    const emitter = Object.assign(worker, { emit: Worker.prototype.emit })
    emitter.emit.call(emitter, 'stalled', '1', 'active')
    emitter.emit.call(emitter, 'lockRenewalFailed', ['1'])
    assert.equal(story.model('bullmq').jobs!.stalled, 1)
    work('mails', () => 1, {})
    emitter.emit.call(emitter, 'lockRenewalFailed', ['1'])
    assert.equal(story.model('bullmq').jobs!.stalled, 2)
  })
})

test('a renewal of locks that a block has held up is late, a punctual one is not', async (t) => {
  const renewed: unknown[] = []
  const worker = {
    name: 'renewed',
    concurrency: 1,
    trace: (...args: unknown[]) => (args.at(-1) as (span: undefined) => unknown)(undefined),
    emit: () => true,
    extendJobLocks: (ids: unknown) => {
      renewed.push(ids)
      return Promise.resolve([])
    },
  }
  const locks = new LockManager(worker, { lockRenewTime: 400, lockDuration: 800 })
  t.after(() => locks.close())
  locks.trackJob('7', 'token', Date.now() - 1000)
  locks.start()
  await sleep(20)
  const end = performance.now() + 500
  while (performance.now() < end);
  await until('the renewal', () => renewed.length === 1)
  await until(
    'its row',
    () => story.model('bullmq').name === 'renewed' && story.model('bullmq').jobs!.lateRenewals === 1,
  )
  const { late } = story.model('bullmq').jobs!.worstRenewal!
  assert.ok(late > 250 && late < 2000, `${late} ms late`)
  assert.deepEqual(reader.problems, [])
})
