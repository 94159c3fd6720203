/**
 * What each hook adds to the operation that it observes, in ns: with the hook against without, interleaved, medians.
 * The libraries are real, the network is not: a socket's noise would hide it. `--json` prints one object.
 */
import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { CONTROL } from '@loopscope/collector/protocol'
import { BUILTIN_HOOKS, PACKAGE_HOOKS } from '../src/hooks/index.ts'
import { ACTIVITY } from '../src/hooks/http.ts'
import { pg as pgHook } from '../src/hooks/pg.ts'
import { observe } from '../src/testing/observe.ts'

const ROUNDS = 15
const require = createRequire(import.meta.url)
type Any = Record<string, (...args: unknown[]) => unknown> & { prototype: Any } & (new (...args: unknown[]) => Any)

type Factory = (...args: unknown[]) => unknown

async function byDefault(specifier: string): Promise<Any> {
  return ((await import(specifier)) as { default: Any }).default
}

/** Loads a package as if for the first time. */
function fresh<T>(name: string, inside: string): T {
  for (const path of Object.keys(require.cache))
    if (path.includes(`/node_modules/${inside}`)) delete require.cache[path]
  return require(name) as T
}

const nothing = (): void => {}
const nativeSetTimeout = setTimeout
const plain = {
  express: require('express5') as Any,
  layer: require('koarouter12/lib/layer.js') as Any,
  pool: require('pg-pool') as Any,
  hapi: require('@hapi/hapi/lib/request.js') as Any,
  hono: require('hono/router/reg-exp-router') as Any,
  graphql: require('graphql') as Any,
  fastq: require('fastq') as Factory,
  // By an address that no hook knows.
  queue: await byDefault(`${import.meta.resolve('p-queue')}?plain`),
  limit: await byDefault(`${import.meta.resolve('p-limit')}?plain`),
}
const { activities, recorder, reader, stop } = observe(BUILTIN_HOOKS, PACKAGE_HOOKS)
const hooked = {
  express: fresh<Any>('express5', '') as Any,
  layer: fresh<Any>('koarouter12/lib/layer.js', 'koarouter12') as Any,
  pool: fresh<Any>('pg-pool', 'pg-pool') as Any,
  hapi: fresh<Any>('@hapi/hapi/lib/request.js', '@hapi/hapi') as Any,
  hono: fresh<Any>('hono/router/reg-exp-router', 'hono') as Any,
  graphql: fresh<Any>('graphql', 'graphql') as Any,
  fastq: fresh<Factory>('fastq', 'fastq'),
  queue: await byDefault('p-queue'),
  limit: await byDefault('p-limit'),
}
reader.read()
const activity = activities.begin('request', recorder.name('GET'))

interface Case {
  name: string
  count: number
  without: (count: number) => unknown
  with: (count: number) => unknown
}

const repeat =
  (work: () => unknown) =>
  (count: number): void => {
    for (let i = 0; i < count; i++) work()
  }

class Response extends EventEmitter {
  statusCode = 200
  writableFinished = true
}

function requestLife(publish: boolean): () => void {
  const started = channel('http.server.request.start')
  const socket = new EventEmitter()
  return () => {
    const request = { method: 'GET' }
    const response = new Response()
    if (publish) started.publish({ request, response, socket, server: socket })
    response.emit('close')
  }
}

function expressDispatch(express: Any): () => void {
  const router = (express['Router'] as unknown as () => Any)()
  const route = router['route']!('/cart/:id') as Any
  const request = { method: 'GET', [ACTIVITY]: activity, baseUrl: '' }
  return () => {
    activity.route = 0
    route['dispatch']!(request, {}, nothing)
  }
}

function fastifyHook(): () => void {
  let hook: (...args: unknown[]) => void = nothing
  const instance = { version: '5.0.0', addHook: (_: string, given: typeof hook) => (hook = given) }
  channel('fastify.initialization').publish({ fastify: instance })
  const request = { raw: { [ACTIVITY]: activity }, [Symbol('fastify.context')]: { config: { url: '/cart/:id' } } }
  return () => {
    activity.route = 0
    hook(request, {}, nothing)
  }
}

function layerParams(Layer: Any): () => void {
  const layer = new Layer('/cart/:id', ['GET'], [nothing])
  return () => {
    activity.route = 0
    layer['params']!('/cart/1', ['1'], {})
  }
}

function hapiLookup(Request: Any): () => void {
  const route = { path: '/cart/{id}', _special: false, settings: {}, public: { settings: {} } }
  const router = { route: () => ({ route }) }
  const request = { _core: { router }, raw: { req: { [ACTIVITY]: activity } }, info: {}, _route: route, route: route }
  const lookup = Request.prototype['_lookup']!
  return () => {
    activity.route = 0
    Reflect.apply(lookup, request, [])
  }
}

function honoMatch({ RegExpRouter }: Any): () => void {
  const router = new (RegExpRouter as unknown as Any)()
  router['add']!('ALL', '/*', [async (_context: unknown, _next: unknown) => {}, { method: 'ALL', path: '/*' }])
  router['add']!('GET', '/cart/:id', [(_context: unknown) => {}, { method: 'GET', path: '/cart/:id' }])
  return () => {
    activity.route = 0
    router['match']!('GET', '/cart/1')
  }
}

class Stream extends Response {
  id = 1
  sentHeaders = { ':status': 200 }
  push(): boolean {
    return true
  }
}

function streamLife(publish: boolean): () => void {
  const started = channel('http2.server.stream.start')
  const headers = { ':method': 'GET' }
  return () => {
    const stream = new Stream()
    if (publish) started.publish({ stream, headers })
    stream.emit('close')
  }
}

function graphqlOperation({ getOperationAST, parse }: Any): () => void {
  const document = (parse as (text: string) => unknown)('query GetCart { cart }')
  const find = getOperationAST as (document: unknown) => unknown
  return () => {
    activity.route = 0
    find(document)
  }
}

class FakeClient extends EventEmitter {
  _queryable = true
  connect(callback: () => void): void {
    callback()
  }
  end(): void {}
}

async function checkouts(pool: Any, count: number): Promise<void> {
  for (let i = 0; i < count; i++) ((await pool['connect']!()) as Any)['release']!()
}

/** Eight at once, two run: most have to wait. */
async function tasks(push: (task: () => Promise<void>) => unknown, count: number): Promise<void> {
  const task = async (): Promise<void> => {}
  for (let i = 0; i < count; i += 8) await Promise.all(Array.from({ length: 8 }, () => push(task)))
}

function queueTasks(Queue: Any): (count: number) => Promise<void> {
  const queue = new Queue({ concurrency: 2 })
  return (count) => tasks((task) => queue['add']!(task), count)
}

function limitTasks(limit: Any): (count: number) => Promise<void> {
  const limiter = (limit as unknown as Factory)(2) as Factory
  return (count) => tasks((task) => limiter(task), count)
}

function fastqTasks(factory: Factory): (count: number) => Promise<void> {
  const { promise } = factory as unknown as { promise: Factory }
  const queue = promise((task: () => Promise<void>) => task(), 2) as { push: Factory }
  return (count) => tasks((task) => queue.push(task), count)
}

const queryClass = class {
  async query(_text: string): Promise<number> {
    return 1
  }
}
const hookedQueryClass = class {
  async query(_text: string): Promise<number> {
    return 1
  }
}
pgHook.start({ recorder, activities } as never, hookedQueryClass as never, '8.0.0')

async function queries(client: { query(text: string): Promise<number> }, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await client.query('select 1')
}

const [plainPool, hookedPool] = [plain.pool, hooked.pool].map(
  (Pool) => new Pool({ max: 2, idleTimeoutMillis: 0, Client: FakeClient }),
)
const [plainClient, hookedClient] = [new queryClass(), new hookedQueryClass()]

const CASES: Case[] = [
  {
    name: 'http: request begins and ends',
    count: 20_000,
    without: repeat(requestLife(false)),
    with: repeat(requestLife(true)),
  },
  {
    name: 'http2: stream begins and ends',
    count: 20_000,
    without: repeat(streamLife(false)),
    with: repeat(streamLife(true)),
  },
  {
    name: 'express: route dispatched',
    count: 50_000,
    without: repeat(expressDispatch(plain.express)),
    with: repeat(expressDispatch(hooked.express)),
  },
  { name: 'fastify: onRequest', count: 50_000, without: repeat(nothing), with: repeat(fastifyHook()) },
  {
    name: 'koa-router: layer entered',
    count: 50_000,
    without: repeat(layerParams(plain.layer)),
    with: repeat(layerParams(hooked.layer)),
  },
  {
    name: 'hapi: route looked up',
    count: 50_000,
    without: repeat(hapiLookup(plain.hapi)),
    with: repeat(hapiLookup(hooked.hapi)),
  },
  {
    name: 'hono: request matched',
    count: 50_000,
    without: repeat(honoMatch(plain.hono)),
    with: repeat(honoMatch(hooked.hono)),
  },
  {
    name: 'graphql: operation found',
    count: 50_000,
    without: repeat(graphqlOperation(plain.graphql)),
    with: repeat(graphqlOperation(hooked.graphql)),
  },
  {
    name: 'timers: setTimeout, cleared',
    count: 20_000,
    without: repeat(() => clearTimeout(nativeSetTimeout(nothing, 500))),
    with: repeat(() => clearTimeout(setTimeout(nothing, 500))),
  },
  {
    name: 'pg-pool: connect and release',
    count: 5000,
    without: (count) => checkouts(plainPool!, count),
    with: (count) => checkouts(hookedPool!, count),
  },
  {
    name: 'pg: query, by promise',
    count: 10_000,
    without: (count) => queries(plainClient, count),
    with: (count) => queries(hookedClient, count),
  },
  {
    name: 'p-queue: task queued and done',
    count: 4000,
    without: queueTasks(plain.queue),
    with: queueTasks(hooked.queue),
  },
  {
    name: 'p-limit: task queued and done',
    count: 4000,
    without: limitTasks(plain.limit),
    with: limitTasks(hooked.limit),
  },
  {
    name: 'fastq: task queued and done',
    count: 4000,
    without: fastqTasks(plain.fastq),
    with: fastqTasks(hooked.fastq),
  },
]

async function time(work: (count: number) => unknown, count: number): Promise<number> {
  const { control } = recorder.channel
  control[CONTROL.tail] = control[CONTROL.head]! // the worker has read all
  const start = process.hrtime.bigint()
  await work(count)
  return Number(process.hrtime.bigint() - start) / count
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!

async function measure({
  name,
  count,
  ...sides
}: Case): Promise<{ name: string; without: number; with: number; added: number }> {
  const times: { without: number[]; with: number[] } = { without: [], with: [] }
  for (let round = -3; round < ROUNDS; round++) {
    for (const side of ['without', 'with'] as const) {
      const ns = await time(sides[side], count)
      if (round >= 0) times[side].push(ns)
    }
  }
  const [without, having] = [median(times.without), median(times.with)]
  return { name, without, with: having, added: having - without }
}

const results: Awaited<ReturnType<typeof measure>>[] = []
for (const each of CASES) results.push(await activities.run(activity, () => measure(each)))
stop()

if (process.argv.includes('--json')) {
  const rounded = results.map((row) => ({
    ...row,
    without: Math.round(row.without),
    with: Math.round(row.with),
    added: Math.round(row.added),
  }))
  console.log(JSON.stringify({ benchmark: 'hooks', node: process.versions.node, unit: 'ns', results: rounded }))
} else {
  console.log(`Node ${process.versions.node}, ns per operation`)
  console.log(`${''.padEnd(32)}${['without', 'with', 'added'].map((head) => head.padStart(9)).join('')}`)
  for (const row of results) {
    const figures = [row.without, row.with, row.added].map((ns) => ns.toFixed(0).padStart(9))
    console.log(row.name.padEnd(32) + figures.join(''))
  }
}
process.exit(0)
