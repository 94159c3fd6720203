import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Activity } from '../program/activity.ts'
import type { ReadActivity, ReadLease } from '../testing/read-channel.ts'
import { observe, until } from '../testing/observe.ts'
import { pgPool } from './pg-pool.ts'
import { pg as pgHook } from './pg.ts'

type Answer = { rows: Record<string, unknown>[] }
type Callback<T> = (error: Error | undefined, value: T, release: (error?: Error) => void) => void

interface Client {
  query(...args: unknown[]): Promise<Answer>
  release(error?: Error | boolean): void
  connect(): Promise<void>
  end(): Promise<void>
}

interface Pool {
  connect(): Promise<Client>
  connect(callback: Callback<Client>): void
  query(...args: unknown[]): Promise<Answer>
  end(): Promise<void>
  on(event: 'error', listener: () => void): void
  totalCount: number
  idleCount: number
  waitingCount: number
}

interface Pg {
  Pool: new (options: object) => Pool
  Client: new (options: object) => Client
  Query: new (...args: unknown[]) => object
}

interface Postgres {
  url: string
  stop(): Promise<void>
}

const { reader, activities, recorder, stop } = observe([], [pgPool, pgHook])
const { Pool, Client, Query } = createRequire(import.meta.url)('pg') as Pg

const EXAMPLE = new URL('../../../examples/shop/postgres.js', import.meta.url).href
let postgres: Postgres
const opened: { end(): Promise<void> }[] = []

before(async () => {
  const { startPostgres } = (await import(EXAMPLE)) as { startPostgres(): Promise<Postgres> }
  postgres = await startPostgres()
})

after(async () => {
  await Promise.allSettled(opened.map((each) => each.end()))
  await postgres.stop()
  stop()
})

let poolNumber = 0
function createPool(
  options: object = {},
): Pool & { leases(): string[]; row(): { name: string; limit: number; used: number } } {
  const application = `pool-${++poolNumber}`
  const pool = new Pool({ connectionString: postgres.url, application_name: application, max: 2, ...options })
  opened.push(pool)
  pool.on('error', () => {})
  const leases = (): ReadLease[] => {
    reader.read()
    return [...reader.leases.values()].filter(({ pool: name }) => name.endsWith(application))
  }
  const row = () => {
    reader.read()
    return [...reader.pools.values()].find(({ name }) => name.endsWith(application))!
  }
  return Object.assign(pool, { leases: () => leases().map(({ steps }) => steps.join(' ')), row })
}

/** Runs a request: it ends when `work` has returned, whatever that has started. */
async function request(work: (activity: Activity) => unknown): Promise<{ activity: Activity; story(): ReadActivity }> {
  const activity = activities.begin('request', recorder.name('GET'))
  await activities.run(activity, async () => work(activity))
  activities.end(activity, 'ok', 200)
  return {
    activity,
    story() {
      reader.read()
      assert.deepEqual(reader.problems, [])
      return reader.activities.get(activity.id)!
    },
  }
}

suite('a pool', () => {
  test('is named after its application, with its limit, and says how many are used', async () => {
    const pool = createPool({ max: 3 })
    const client = await pool.connect()
    assert.equal(pool.row().name, `db postgresql pool-${poolNumber}`)
    assert.equal(pool.row().limit, 3)
    await until('the state of the pool', () => pool.row().used === 1)
    client.release()
    await until('the state of the pool', () => pool.row().used === 0)
    await pool.end()
    await until('the end of the pool', () => pool.row().used === -1)
  })

  test('gives one lease for each checkout: by promise, by callback, by query', async () => {
    const pool = createPool()
    const client = await pool.connect()
    client.release()
    await new Promise<void>((resolve, reject) => {
      pool.connect((error, _, release) => {
        if (error) return reject(error)
        release()
        resolve()
      })
    })
    assert.equal((await pool.query('select 1 as one')).rows[0]!['one'], 1)
    await new Promise<void>((resolve, reject) => {
      void pool.query('select $1::int as n', [2], (error: Error | undefined) => (error ? reject(error) : resolve()))
    })
    assert.deepEqual(pool.leases(), ['take release', 'take release', 'take release', 'take release'])
  })

  test('says who holds a slot and where it was asked for', async () => {
    const pool = createPool()
    const { activity } = await request(async () => {
      const client = await pool.connect()
      await sleep(200)
      client.release()
    })
    reader.read()
    const lease = [...reader.leases.values()].findLast(({ activity: id }) => id === activity.id)!
    assert.match(lease.site, /pg\.test\.ts/)
  })

  test('tells a time-out from another failure', async () => {
    const pool = createPool({ max: 1, connectionTimeoutMillis: 400 })
    const client = await pool.connect()
    await assert.rejects(pool.connect(), /timeout exceeded when trying to connect/)
    client.release()
    assert.deepEqual(pool.leases(), ['take release', 'timeout'])
    await pool.end()
    await assert.rejects(pool.connect(), /Cannot use a pool after calling end/)
    assert.deepEqual(pool.leases(), ['take release', 'timeout', 'fail'])
    const nobody = createPool({ connectionString: 'postgres://u:p@127.0.0.1:1/none' })
    await assert.rejects(nobody.query('select 1'), /ECONNREFUSED/)
    assert.deepEqual(nobody.leases(), ['fail'])
  })

  test('has one lease when a client is released twice, and the error is that of pg', async () => {
    const pool = createPool()
    const client = await pool.connect()
    client.release()
    assert.throws(() => client.release(), /Release called on client which has already been released/)
    assert.deepEqual(pool.leases(), ['take release'])
  })

  test('frees the lease of a client that is thrown away', async () => {
    const pool = createPool()
    ;(await pool.connect()).release(new Error('broken'))
    assert.equal(pool.totalCount, 0)
    ;(await pool.connect()).release(true)
    assert.deepEqual(pool.leases(), ['take release', 'take release'])
  })

  test('calls back in the activity that asked, whoever opened the connection', async () => {
    const pool = createPool({ max: 1 })
    const seen: [string, number, number | undefined][] = []
    const ask = (form: string) =>
      request(
        (activity) =>
          new Promise<void>((resolve) => {
            const done = (): void => {
              seen.push([form, activity.id, activities.current()?.id])
              resolve()
            }
            if (form === 'connect') {
              pool.connect((_error, client, release) => {
                void client.query('select pg_sleep(0.002)', () => {
                  release()
                  done()
                })
              })
            } else if (form === 'query') void pool.query('select pg_sleep(0.002)', done)
            else void pool.query('select pg_sleep(0.002)').then(done)
          }),
      )
    const forms = ['connect', 'query', 'promise']
    await Promise.all([...forms, ...forms, ...forms].map(ask))
    assert.equal(seen.length, 9)
    for (const [form, expected, actual] of seen) assert.equal(actual, expected, form)
  })

  test('has its connections in no activity: what comes over them unasked belongs to nobody', async () => {
    const pool = createPool({ max: 1 })
    const seen: unknown[] = []
    await request(async () => {
      const client = (await pool.connect()) as Client & NodeJS.EventEmitter
      client.on('notification', () => seen.push(activities.current()))
      await client.query('listen news')
      client.release()
    })
    await pool.query('notify news')
    await until('the notification', () => seen.length === 1)
    assert.deepEqual(seen, [undefined])
  })

  test('keeps its errors: the rejection has a stack that leads to the caller', async () => {
    const pool = createPool({ connectionString: 'postgres://u:p@127.0.0.1:1/none' })
    async function callerOfConnect(): Promise<void> {
      await pool.connect()
    }
    const error = await callerOfConnect().then(
      () => assert.fail('no error'),
      (thrown: Error) => thrown,
    )
    assert.match(error.stack!, /callerOfConnect/)
  })
})

suite('a query', () => {
  test('is a wait of its activity, in every form', async () => {
    const pool = createPool()
    const { story } = await request(async () => {
      const client = await pool.connect()
      await client.query('select 1')
      await client.query('select $1::int', [1])
      await client.query({ text: 'select 1' })
      const frozen = Object.freeze({ text: 'select $1::int as n', values: [7] })
      assert.equal((await client.query(frozen)).rows[0]!['n'], 7)
      await new Promise((resolve) => void client.query('select 1', resolve))
      await new Promise((resolve) => void client.query('select 1', [], resolve))
      client.release()
    })
    assert.deepEqual(
      new Set(story().waits.map(({ name, isOver }) => `${name} ${isOver}`)),
      new Set([`db postgresql pool-${poolNumber} true`]),
    )
    assert.equal(story().waits.length, 6)
    assert.deepEqual(story().outlived, [])
  })

  test('that is an object with a life of its own, or has its callback inside, is passed through', async () => {
    const pool = createPool()
    await request(async () => {
      const client = await pool.connect()
      const submitted = new Query('select 1')
      assert.equal(client.query(submitted), submitted)
      const answer = await new Promise(
        (resolve) =>
          void client.query({
            text: 'select 2 as n',
            callback: (_: unknown, result: Answer) => resolve(result.rows[0]!['n']),
          }),
      )
      assert.equal(answer, 2)
      client.release()
    })
    assert.throws(() => new Client({}).query(null), TypeError)
  })

  test('that fails gives the error of pg, with a stack that leads to the caller', async () => {
    const pool = createPool()
    const { story } = await request(async () => {
      async function callerOfQuery(): Promise<void> {
        const client = await pool.connect()
        try {
          await client.query('select nonsense')
        } finally {
          client.release()
        }
      }
      const error = await callerOfQuery().then(
        () => assert.fail('no error'),
        (thrown: Error & { code: string }) => thrown,
      )
      assert.equal(error.code, '42703')
      assert.match(error.stack!, /callerOfQuery/)
    })
    assert.equal(story().waits.length, 1)
    assert.deepEqual(story().settled, [])
  })

  test('without await outlives its request, and its failure is counted', async () => {
    const pool = createPool()
    const { story } = await request(() => {
      pool.query('select pg_sleep(0.05), nonsense').catch(() => {})
    })
    assert.equal(story().outlived.length, 1)
    assert.match(story().outlived[0]!.site, /pg\.test\.ts/)
    await until('the end of the query', () => story().settled.length === 1)
    assert.deepEqual(story().settled, ['failed'])
  })

  test('that is awaited leaves nothing behind, however many', async () => {
    const pool = createPool({ max: 5 })
    const stories = await Promise.all(Array.from({ length: 300 }, () => request(async () => pool.query('select 1'))))
    await sleep(20)
    for (const { story, activity } of stories) {
      assert.deepEqual(story().outlived, [])
      assert.equal(activity.holds, 0)
    }
    assert.deepEqual(new Set(pool.leases()), new Set(['take release']))
    assert.equal(pool.leases().length, 300)
  })

  test('of a client without a pool is named after its database, never its user', async () => {
    const client = new Client({ connectionString: postgres.url })
    opened.push(client)
    const { story } = await request(async () => {
      await client.connect()
      await client.query('select 1')
    })
    assert.match(story().waits[0]!.name, /^db postgresql postgres@127\.0\.0\.1:\d+$/)
  })
})
