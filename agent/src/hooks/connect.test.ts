import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe } from '../testing/observe.ts'
import { answer, pipelined, routeOf } from '../testing/route.ts'
import { connect as hook } from './connect.ts'
import { http } from './http.ts'

type Next = (error?: unknown) => void
type Handler = (request: IncomingMessage, response: ServerResponse, next: Next) => unknown
type Failed = (error: unknown, request: IncomingMessage, response: ServerResponse, next: Next) => unknown

interface Connect extends RequestListener {
  (request: IncomingMessage, response: ServerResponse): void
  stack: { route: string; handle: Handler }[]
  use(path: string, handler: Handler | Failed | Connect): Connect
  use(handler: Handler | Failed | Connect): Connect
}

const observed = observe([http], [hook])
const { reader, activities } = observed
after(observed.stop)

const connect = createRequire(import.meta.url)('connect') as () => Connect
const here = (): string => reader.name(activities.current()!.route)
const ok: Handler = (_, response) => response.end(here())
const pass: Handler = (_request, _response, next) => next()

test('the path at which the handler is mounted is the route, and known in it', async () => {
  const app = connect().use(pass).use('/cart', ok).use('/items/', ok)
  assert.deepEqual(await answer(observed, app, '/cart/7?secret=1'), { routes: ['/cart'], status: 200, text: '/cart' })
  assert.equal(await routeOf(observed, app, '/items'), '/items')
  assert.equal(await routeOf(observed, app, '/Items/1/2', 'POST'), '/items')
})

test('applications in applications give their paths, also when they are filled later', async () => {
  const [app, api, deep, root] = [connect(), connect(), connect(), connect()]
  api.use('/deep', deep)
  app.use('/api', api).use(root)
  deep.use('/items', ok)
  root.use('/below', ok)
  assert.equal(await routeOf(observed, app, '/api/deep/items/1'), '/api/deep/items')
  assert.equal(await routeOf(observed, app, '/below/1'), '/below')
  const outer = connect().use('/outer', app)
  assert.equal(await routeOf(observed, outer, '/outer/api/deep/items/1'), '/outer/api/deep/items')
})

test('of several that are entered the last one counts, and what is mounted nowhere has none', async () => {
  const app = connect().use('/a', pass).use('/a/b', ok).use('/c', pass)
  assert.equal(await routeOf(observed, app, '/a/b/1'), '/a/b')
  assert.equal(await routeOf(observed, app, '/nowhere/42'), '')
  assert.equal(await routeOf(observed, connect().use(ok), '/nowhere/42'), '')
})

test('what fails has its route, and is handled as ever', async () => {
  const failed: Failed = (error, _request, response, _next) => response.writeHead(500).end(String(error))
  const app = connect()
  app.use('/throws', () => {
    throw new Error('expected by the test')
  })
  const later: Handler = async (_request, _response, next) => {
    await sleep(1)
    next(new Error('expected by the test'))
  }
  app.use('/later', later).use('/later', failed).use(failed)
  for (const path of ['/throws', '/later']) {
    const { routes, status, text } = await answer(observed, app, `${path}/1`)
    assert.deepEqual([routes, status, text], [[path], 500, 'Error: expected by the test'])
  }
})

test('pipelined requests on one connection have each their own', async () => {
  const slow: Handler = async (_, response) => {
    await sleep(20)
    response.end(here())
  }
  const app = connect().use('/fast', ok).use('/slow', slow)
  const routes = await pipelined(observed, createServer(app), ['/slow/1', '/fast/2', '/none', '/slow/3'])
  assert.deepEqual(routes, ['/slow', '/fast', '', '/slow'])
})

test('what the program has mounted looks as it did, and `use` too', () => {
  const handler: Handler & { extra?: number } = function named(_request, response, _next) {
    response.end()
  }
  handler.extra = 1
  const app = connect()
  assert.equal(app.use('/x', handler), app)
  const { route, handle } = app.stack[0]!
  const { extra } = handle as typeof handler
  assert.deepEqual([route, handle.name, handle.length, extra], ['/x', 'named', 3, 1])
  const { use } = app
  assert.deepEqual([use.name, use.length], ['use', 2])
  app.use(handler)
  assert.equal(app.stack[1]!.handle, handler)
})

test('the version that was seen is said', () => {
  const seen = reader.hooked.filter(({ module }) => module === 'connect')
  assert.deepEqual(
    seen.map(({ version, how }) => `${version.split('.')[0]} ${how}`),
    ['3 patch'],
  )
})
