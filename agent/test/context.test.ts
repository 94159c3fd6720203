/**
 * Work that goes on is charged to the request that it belongs to: for each way of going on, requests of two kinds at once, more
 * than the pools and queues have room for, over connections that are used again. `POST /await/PUT` would be a mix-up.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTarget, type Target } from '../src/testing/outbound.ts'
import { portOf } from './support/http.ts'
import { AGENT, start, type Running } from './support/program.ts'

const METHODS = ['POST', 'PUT']
const EACH = 8
const BODY = 'x'.repeat(200_000)

/** Callbacks that somebody else calls: they are his, unless they are bound (README: AsyncResource.bind). */
const OF_OTHERS = ['hand-made-callback', 'emitter-of-other']

/** Known without a carried context. */
const KNOWN = [
  'sync',
  'await',
  'next-tick',
  'microtask',
  'immediate',
  'timeout',
  'timeout-promise',
  'interval',
  'sleep',
  'async-iterator',
  'emitter-in-request',
  'event-target',
  'body-data',
  'body-for-await',
  'pg-pool-callback',
  'pg-client-callback',
  'fetch-head',
  'fetch',
  'undici-pool',
  'undici-callback',
  'undici-request',
  'http-response',
  'http-data',
  'better-sqlite3',
  'p-queue',
  'p-limit',
  'fastq-worker',
  'fastq-callback',
]

/** AsyncLocalStorage on async_hooks, as on Node 22. */
const major = Number(process.versions.node.split('.')[0])
const DEAR = major < 24 ? AGENT : ['--no-async-context-frame', ...AGENT]
const ON = { LOOPSCOPE_CONTEXT: 'on' }

interface Postgres {
  url: string
  stop(): Promise<void>
}

let target: Target
let postgres: Postgres

before(async () => {
  const file = new URL('../../examples/shop/postgres.js', import.meta.url).href
  const { startPostgres } = (await import(file)) as { startPostgres(): Promise<Postgres> }
  ;[target, postgres] = await Promise.all([startTarget(), startPostgres()])
})
after(() => Promise.all([target.close(), postgres.stop()]))

/** By method, the routes that its requests were given: of others, or none. */
interface Charged {
  right: number
  others: string[]
}

async function program(ends: (() => Promise<void> | void)[], node: readonly string[], environment = {}, more = '') {
  const running = start({ after: (end) => ends.push(end) }, 'context.js', {
    node,
    environment,
    args: [target.url, postgres.url, more],
  })
  const port = await portOf(running)
  await running.ready()
  return { running, url: `http://127.0.0.1:${port}` }
}

async function charged({ running, url }: { running: Running; url: string }, way: string): Promise<Charged> {
  const asked = METHODS.flatMap((method) =>
    Array.from({ length: EACH }, async () => (await fetch(`${url}/${way}`, { method, body: BODY })).text()),
  )
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['ok']))
  // Those before it are over as well, when the last one is: events come in order.
  await (await fetch(`${url}/sync`, { method: 'DELETE', body: way })).text()
  const rows = await running.until('the routes', async () => {
    const routes = await running.table('routes')
    const rows = routes.filter(({ route }) => route.includes(`/${way}/P`))
    const total = rows.reduce((sum, row) => sum + row.count, 0)
    return total === METHODS.length * EACH || settledFor(way, total) ? rows : undefined
  })
  const isRight = (route: string): boolean => METHODS.some((method) => route === `${method} /${way}/${method}`)
  const right = rows.reduce((sum, { route, count }) => sum + (isRight(route) ? count : 0), 0)
  return { right, others: rows.map(({ route }) => route).filter((route) => !isRight(route)) }
}

/** Where some have no route, no more are to come: the table is renewed ten times a second. */
const lastTotals = new Map<string, { total: number; since: number }>()
function settledFor(way: string, total: number): boolean {
  const last = lastTotals.get(way)
  if (last?.total !== total) lastTotals.set(way, { total, since: performance.now() })
  return last?.total === total && performance.now() - last.since > 600
}

const ALL = await names()

async function names(): Promise<string[]> {
  const { readFileSync } = await import('node:fs')
  const text = readFileSync(new URL('programs/context.js', import.meta.url), 'utf8')
  const ways = text.slice(text.indexOf('const ways = {'), text.indexOf('\n}\n\nconst shared'))
  return [...ways.matchAll(/^ {2}'?([\w-]+)'?: (?:async )?\(/gm)].map((match) => match[1]!)
}

for (const [title, node, environment, more] of [
  ['as it is', AGENT, major < 24 ? ON : {}, ''],
  ['on async_hooks, context: on', DEAR, ON, ''],
  ['on async_hooks, the program uses AsyncLocalStorage', DEAR, {}, 'storage'],
] as const) {
  suite(`the context, ${title}`, () => {
    const ends: (() => Promise<void> | void)[] = []
    let about: Awaited<ReturnType<typeof program>>
    before(async () => {
      about = await program(ends, node, environment, more)
      // From the request on after the one that uses it.
      if (more) await (await fetch(`${about.url}/sync`)).text()
    })
    after(async () => {
      for (const end of ends) await end()
    })

    for (const way of ALL.filter((way) => !OF_OTHERS.includes(way))) {
      test(way, async () => {
        lastTotals.clear()
        assert.deepEqual(await charged(about, way), { right: METHODS.length * EACH, others: [] })
      })
    }
  })
}

suite('the context, on async_hooks, on demand', () => {
  const ends: (() => Promise<void> | void)[] = []
  let about: Awaited<ReturnType<typeof program>>
  before(async () => {
    about = await program(ends, DEAR)
  })
  after(async () => {
    for (const end of ends) await end()
  })

  test('says that it is not carried', async () => {
    const { hooked } = (await about.running.table('instances'))[0]!
    assert.equal(hooked.find(({ module }) => module === 'async context')?.how, 'none')
  })

  for (const way of ALL) {
    test(`${way}: ${KNOWN.includes(way) ? 'known' : "nobody's, or known"}`, async (t) => {
      lastTotals.clear()
      const { right, others } = await charged(about, way)
      t.diagnostic(`${right} of ${METHODS.length * EACH}`)
      assert.deepEqual(others, [])
      if (KNOWN.includes(way)) assert.equal(right, METHODS.length * EACH)
    })
  }
})
