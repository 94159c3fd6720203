import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe } from '../testing/observe.ts'
import { answer, pipelined, routeOf } from '../testing/route.ts'
import { hapi as hook } from './hapi.ts'
import { http } from './http.ts'

type Handler = (request: { setUrl(url: string): void }, h: { continue: symbol }) => unknown

interface Hapi {
  listener: Server
  route(route: { method: string | string[]; path: string; handler: Handler; options?: object }): void
  register(plugin: object, options?: object): Promise<void>
  ext(event: string, handler: Handler): void
  inject(path: string): Promise<{ statusCode: number }>
  initialize(): Promise<void>
}

const observed = observe([http], [hook])
const { reader, activities } = observed
after(observed.stop)

const hapi = createRequire(import.meta.url)('@hapi/hapi') as { server(options?: object): Hapi }
const ok: Handler = () => 'ok'

/** Hapi's own start listens, and its stop waits for connections. */
async function started(server: Hapi): Promise<Hapi> {
  await server.initialize()
  return server
}

const route = async (server: Hapi, path: string, method?: string): Promise<string> =>
  routeOf(observed, (await started(server)).listener, path, method)

test('the route is known in its handler, in extensions before it, and after an await', async () => {
  const server = hapi.server()
  const seen: string[] = []
  const note = (): unknown => seen.push(reader.name(activities.current()!.route))
  server.ext('onPreAuth', (_, h) => {
    note()
    return h.continue
  })
  server.route({
    method: 'GET',
    path: '/cart/{id}',
    async handler() {
      note()
      await sleep(1)
      note()
      return 'ok'
    },
  })
  assert.equal(await route(server, '/cart/7?secret=1'), '/cart/{id}')
  assert.deepEqual(seen, ['/cart/{id}', '/cart/{id}', '/cart/{id}'])
})

test('plugins give their prefixes, and every kind of path is written as it was registered', async () => {
  const server = hapi.server()
  const register = (plugin: Hapi): void => {
    plugin.route({ method: 'GET', path: '/', handler: ok })
    plugin.route({ method: ['GET', 'POST'], path: '/items/{id?}', handler: ok })
  }
  await server.register({ name: 'api', register }, { routes: { prefix: '/api' } })
  server.route({ method: '*', path: '/files/{path*}', handler: ok })
  server.route({ method: 'GET', path: '/image.{kind}', handler: ok })
  server.route({ method: 'GET', path: '/', handler: ok })
  await started(server)
  for (const [path, template, method] of [
    ['/', '/'],
    ['/api', '/api'],
    ['/api/items/3', '/api/items/{id?}'],
    ['/api/items', '/api/items/{id?}', 'POST'],
    ['/api/items/3', '/api/items/{id?}', 'HEAD'],
    ['/files/a/b/c', '/files/{path*}', 'DELETE'],
    ['/image.png', '/image.{kind}'],
  ] as const) {
    assert.equal(await routeOf(observed, server.listener, path, method), template)
  }
})

test('what matches no route has none, and neither has a preflight of no route or a bad path', async () => {
  const server = hapi.server({ routes: { cors: true } })
  server.route({ method: 'GET', path: '/there', handler: ok })
  assert.equal(await route(server, '/nowhere/42'), '')
  assert.equal(await route(server, '/there', 'POST'), '')
  assert.equal(await route(server, '/there', 'OPTIONS'), '')
  assert.equal(await route(server, '/%E0%A4%A'), '')
})

test('a request whose URL was changed has the route that answers', async () => {
  const server = hapi.server()
  server.ext('onRequest', (request, h) => {
    request.setUrl('/new/1')
    return h.continue
  })
  server.route({ method: 'GET', path: '/old', handler: ok })
  server.route({ method: 'GET', path: '/new/{id}', handler: ok })
  const { routes } = await answer(observed, (await started(server)).listener, '/old')
  assert.deepEqual(routes, ['/new/{id}'])
})

test('handlers that fail and routes that refuse have theirs', async () => {
  const server = hapi.server({ debug: false })
  const broken: Handler = () => {
    throw new Error('expected by the test')
  }
  server.route({ method: 'GET', path: '/broken/{id}', handler: broken })
  const scheme = { authenticate: broken }
  const plugin = server as unknown as {
    auth: { scheme: (...a: unknown[]) => void; strategy: (...a: unknown[]) => void }
  }
  plugin.auth.scheme('none', () => scheme)
  plugin.auth.strategy('none', 'none')
  server.route({ method: 'GET', path: '/secret/{id}', handler: ok, options: { auth: 'none' } })
  const { listener } = await started(server)
  assert.deepEqual(await answer(observed, listener, '/broken/1').then(({ routes, status }) => [routes, status]), [
    ['/broken/{id}'],
    500,
  ])
  assert.equal(await routeOf(observed, listener, '/secret/1'), '/secret/{id}')
})

test('pipelined requests on one connection have each its own', async () => {
  const server = hapi.server()
  server.route({ method: 'GET', path: '/slow/{id}', handler: () => sleep(20, 'slow') })
  server.route({ method: 'GET', path: '/fast/{id}', handler: ok })
  const { listener } = await started(server)
  const routes = await pipelined(observed, listener, ['/slow/1', '/fast/2', '/none', '/slow/3', '/fast/4'])
  assert.deepEqual(routes, ['/slow/{id}', '/fast/{id}', '', '/slow/{id}', '/fast/{id}'])
})

test('an injected request, which is none of node:http, works as ever', async () => {
  const server = hapi.server()
  server.route({ method: 'GET', path: '/there', handler: ok })
  assert.equal((await server.inject('/there')).statusCode, 200)
})

test('the version that was seen is said', () => {
  const seen = reader.hooked.filter(({ module }) => module === '@hapi/hapi')
  assert.deepEqual(
    seen.map(({ version, how }) => `${version.split('.')[0]} ${how}`),
    ['21 patch'],
  )
})
