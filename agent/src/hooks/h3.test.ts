import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe } from '../testing/observe.ts'
import { answer, pipelined, routeOf } from '../testing/route.ts'
import { h3 as hook } from './h3.ts'
import { http } from './http.ts'

interface Event {
  url: { pathname: string }
  context: { params?: Record<string, string> }
}
type Handler = (event: Event, next: () => unknown) => unknown
type Mounted = App | { fetch: (request: Request) => unknown }

interface App {
  fetch: (request: Request) => unknown
  get(path: string, handler: Handler | App, options?: { middleware: Handler[] }): App
  post(path: string, handler: Handler): App
  all(path: string, handler: Handler | App): App
  use(path: string, handler: Handler | App): App
  use(handler: Handler | App): App
  mount(path: string, app: Mounted): App
  request(path: string): Promise<Response>
}

interface H3Module {
  H3: new (options?: object) => App
  HTTPError: new (options: object) => Error
  serve(
    app: App,
    options: object,
  ): { ready(): Promise<unknown>; node: { server: Server }; close(all: boolean): unknown }
  toNodeHandler(app: App): RequestListener
  withBase(base: string, app: App): Handler
  fromNodeHandler(handler: RequestListener): Handler
}

const observed = observe([http], [hook])
const { reader, activities } = observed
after(observed.stop)

const { H3, HTTPError, serve, toNodeHandler, withBase, fromNodeHandler } = (await import('h3')) as unknown as H3Module

const create = (): App => new H3({ silent: true })
const here = (): string => reader.name(activities.current()!.route)
const ok: Handler = () => 'ok'
const route = (app: App, path: string, method?: string): Promise<string> =>
  routeOf(observed, toNodeHandler(app), path, method)

suite('h3', () => {
  test('the route is known in its handler, in middleware before it, and after an await', async () => {
    const seen: string[] = []
    const note = (): unknown => seen.push(here())
    const app = create().use(async (_, next) => {
      note()
      return await next()
    })
    app.get('/cart/:id', async ({ context }) => {
      note()
      await sleep(1)
      note()
      return context.params
    })
    const { routes, text } = await answer(observed, toNodeHandler(app), '/cart/7?secret=1')
    assert.deepEqual([routes, JSON.parse(text)], [['/cart/:id'], { id: '7' }])
    assert.deepEqual(seen, Array(3).fill('/cart/:id'))
  })

  test('methods, wildcards, HEAD and middleware of a route', async () => {
    const pass: Handler = (_, next) => next()
    const app = create().get('/items', ok).post('/items/:id', ok).get('/files/**:path', ok)
    app.get('/guarded/:id', ok, { middleware: [pass] }).all('/any/:a/:b', ok)
    assert.equal(await route(app, '/items/'), '/items')
    assert.equal(await route(app, '/items/1', 'POST'), '/items/:id')
    assert.equal(await route(app, '/items', 'HEAD'), '/items')
    assert.equal(await route(app, '/files/a/b/c'), '/files/**:path')
    assert.equal(await route(app, '/guarded/1'), '/guarded/:id')
    assert.equal(await route(app, '/any/1/2', 'DELETE'), '/any/:a/:b')
  })

  test('mounted applications give their prefixes', async () => {
    const users = create().get('/', ok).get('/:user', ok)
    const api = create().mount('/users', users).get('/status', ok)
    const app = create().mount('/v1', api).use('/used', create().get('/it', ok))
    assert.equal(await route(app, '/v1/users'), '/v1/users')
    assert.equal(await route(app, '/v1/users/42'), '/v1/users/:user')
    assert.equal(await route(app, '/v1/status'), '/v1/status')
    assert.equal(await route(app, '/used/it'), '/used/it')
    assert.equal(await route(app, '/v1/nothing'), '')
  })

  test('applications below a base give it as well, those of another kind the path of their mount', async () => {
    const inner = create().get('/items/:id', () => here())
    const app = create().all('/api/**', withBase('/api', inner)).use('/later/**', withBase('/later', inner))
    app.mount('/foreign', { fetch: () => new Response('ok') })
    assert.equal((await answer(observed, toNodeHandler(app), '/api/items/1')).text, '/api/items/:id')
    assert.equal(await route(app, '/api/items/1'), '/api/items/:id')
    assert.equal(await route(app, '/api/nothing'), '/api/**')
    assert.equal(await route(app, '/later/items/1'), '/later/items/:id')
    assert.equal(await route(app, '/foreign/items/1'), '/foreign/**')
  })

  test('what a program takes off the path by itself gets into no route', async () => {
    const inner = create().get('/items/:id', ok)
    const app = create().use((event) => {
      event.url.pathname = event.url.pathname.slice('/tenant-1'.length)
      return (inner as unknown as { handler: (event: Event) => unknown }).handler(event)
    })
    assert.equal(await route(app, '/tenant-1/items/1'), '/items/:id')
  })

  test('what matches no route has none, and a route for all has its own', async () => {
    const app = create().get('/there', ok)
    const missed = await answer(observed, toNodeHandler(app), '/nowhere/42')
    assert.deepEqual([missed.status, missed.routes], [404, []])
    assert.equal(await route(app, '/there', 'POST'), '')
    assert.equal(await route(create().use(ok), '/x'), '')
    assert.equal(await route(app.all('/**', ok), '/nowhere/42'), '/**')
  })

  test('handlers that fail, at once and later, have theirs', async () => {
    const app = create().get('/throws/:id', () => {
      throw new HTTPError({ status: 418 })
    })
    app.get('/rejects/:id', async () => {
      await sleep(1)
      throw new Error('expected by the test')
    })
    for (const [path, status, template] of [
      ['/throws/1', 418, '/throws/:id'],
      ['/rejects/1', 500, '/rejects/:id'],
    ] as const) {
      const answered = await answer(observed, toNodeHandler(app), path)
      assert.deepEqual([answered.status, answered.routes], [status, [template]])
    }
  })

  test('an answer that is a stream has its route, and its activity lasts until the end of it', async () => {
    const app = create().get('/stream/:id', () => {
      let left = 3
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          await sleep(2)
          if (left-- > 0) controller.enqueue(new TextEncoder().encode(here()))
          else controller.close()
        },
      })
    })
    const { routes, text } = await answer(observed, toNodeHandler(app), '/stream/1')
    assert.deepEqual([routes, text], [['/stream/:id'], '/stream/:id'.repeat(3)])
  })

  test('a request that the program makes to its own application is no route of the one around it', async () => {
    const app = create().get('/inner', ok)
    app.get('/outer/:id', async () => (await app.request('/inner')).text())
    const { routes, text } = await answer(observed, toNodeHandler(app), '/outer/1')
    assert.deepEqual([routes, text], [['/outer/:id'], 'ok'])
  })

  test('below a framework that knows the route already, the route stays', async () => {
    const listener = toNodeHandler(create().get('/x', ok))
    const outer: RequestListener = (incoming, response) => {
      activities.setRoute(activities.current()!, observed.recorder.name('/outer'))
      void listener(incoming, response)
    }
    assert.deepEqual((await answer(observed, outer, '/x')).routes, ['/outer'])
  })

  test('a handler of Node in it has the route of the place where it is', async () => {
    const app = create().all(
      '/node/:id',
      fromNodeHandler((_, response) => void response.end(here())),
    )
    assert.equal((await answer(observed, toNodeHandler(app), '/node/1')).text, '/node/:id')
  })

  test('pipelined requests on one connection have each its own', async () => {
    const app = create().get('/fast/:id', ok)
    app.get('/slow/:id', async () => {
      await sleep(20)
      return 'slow'
    })
    const paths = ['/slow/1', '/fast/2', '/none', '/fast/3']
    const routes = await pipelined(observed, createServer(toNodeHandler(app)), paths)
    assert.deepEqual(routes, ['/slow/:id', '/fast/:id', '', '/fast/:id'])
  })

  test('served by its own serve, by srvx', async () => {
    const server = serve(create().get('/cart/:id', ok), { port: 0, hostname: '127.0.0.1', silent: true })
    await server.ready()
    assert.equal(await routeOf(observed, server.node.server, '/cart/1'), '/cart/:id')
  })

  test('in a srvx of its own, without h3, there are requests without a route', async () => {
    const { toNodeHandler: bare } = (await import('srvx/node')) as unknown as {
      toNodeHandler(fetch: () => Response): RequestListener
    }
    const { routes, status } = await answer(
      observed,
      bare(() => new Response('ok')),
      '/cart/1',
    )
    assert.deepEqual([routes, status], [[], 200])
  })

  test('the generic entry has the same class, which is patched once', async () => {
    const generic = (await import('h3/generic')) as unknown as H3Module
    assert.equal(generic.H3, H3)
    assert.deepEqual((await answer(observed, toNodeHandler(new generic.H3().get('/g/:id', ok)), '/g/1')).routes, [
      '/g/:id',
    ])
    assert.equal((createRequire(import.meta.url)('h3') as H3Module).H3, H3)
  })

  test('its methods keep their names and their lengths, and the version that was seen is said', () => {
    const { prototype } = H3 as unknown as { prototype: Record<string, (...args: unknown[]) => unknown> }
    assert.deepEqual([prototype['use']!.name, prototype['use']!.length], ['use', 3])
    assert.deepEqual([prototype['~findRoute']!.name, prototype['~findRoute']!.length], ['~findRoute', 1])
    const seen = reader.hooked.filter(({ module }) => module === 'h3')
    assert.deepEqual([...new Set(seen.map(({ version, how }) => `${version.split('.')[0]} ${how}`))], ['2 patch'])
  })
})
