import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe } from '../testing/observe.ts'
import { answer, pipelined, routeOf } from '../testing/route.ts'
import { hono as hook } from './hono.ts'
import { http } from './http.ts'

interface Context {
  text(text: string, status?: number): unknown
}
type Handler = (context: Context, next: () => Promise<void>) => unknown

interface Hono {
  fetch: (...args: never[]) => unknown
  get(path: string, ...handlers: Handler[]): Hono
  post(path: string, ...handlers: Handler[]): Hono
  all(path: string, ...handlers: Handler[]): Hono
  use(...handlers: (string | Handler)[]): Hono
  route(path: string, app: Hono): Hono
  basePath(path: string): Hono
  mount(path: string, handler: (...args: never[]) => unknown): Hono
  notFound(handler: Handler): Hono
  onError(handler: (error: Error, context: Context) => unknown): Hono
  request(path: string): Promise<Response> | Response
}

const observed = observe([http], [hook])
const { reader, activities } = observed
after(observed.stop)

type HonoClass = new (options?: object) => Hono
const require = createRequire(import.meta.url)
const { getRequestListener } = require('@hono/node-server') as {
  getRequestListener(fetch: Hono['fetch']): RequestListener
}
const router = async (name: string): Promise<Record<string, new (options?: object) => unknown>> =>
  (await import(`hono/router/${name}`)) as never

const VARIANTS: Record<string, () => Promise<() => Hono>> = {
  async 'an ES module'() {
    const { Hono } = (await import('hono')) as unknown as { Hono: HonoClass }
    return () => new Hono()
  },
  async CommonJS() {
    const { Hono } = require('hono') as { Hono: HonoClass }
    return () => new Hono()
  },
  async 'its quick preset, the linear router'() {
    const { Hono } = (await import('hono/quick')) as unknown as { Hono: HonoClass }
    return () => new Hono()
  },
  async 'its tiny preset, the pattern router'() {
    const { Hono } = (await import('hono/tiny')) as unknown as { Hono: HonoClass }
    return () => new Hono()
  },
  async 'the router of regular expressions alone'() {
    const { Hono } = (await import('hono')) as unknown as { Hono: HonoClass }
    const { RegExpRouter } = await router('reg-exp-router')
    return () => new Hono({ router: new RegExpRouter!() })
  },
  async 'the trie router alone'() {
    const { Hono } = (await import('hono')) as unknown as { Hono: HonoClass }
    const { TrieRouter } = await router('trie-router')
    return () => new Hono({ router: new TrieRouter!() })
  },
}

const ok: Handler = (context) => context.text('ok')
const pass: Handler = async (_, next) => next()
const listener = (app: Hono): RequestListener => getRequestListener(app.fetch)

for (const [name, load] of Object.entries(VARIANTS)) {
  const create = await load()
  const route = (app: Hono, path: string, method?: string): Promise<string> =>
    routeOf(observed, listener(app), path, method)

  suite(`Hono as ${name}`, () => {
    test('the route is known in its handler, in middleware before it, and after an await', async () => {
      const app = create()
      const seen: string[] = []
      const note = (): unknown => seen.push(reader.name(activities.current()!.route))
      app.use(async (_, next) => {
        note()
        await next()
      })
      app.get('/cart/:id', async (context) => {
        note()
        await sleep(1)
        note()
        return context.text('ok')
      })
      for (let i = 0; i < 3; i++) assert.equal(await route(app, '/cart/7?secret=1'), '/cart/:id')
      assert.deepEqual(seen, Array(9).fill('/cart/:id'))
    })

    test('base paths and applications in applications give their prefixes', async () => {
      const users = create().get('/', ok).get('/:user', ok)
      users.onError((_, context) => context.text('caught', 500))
      const api = create().route('/:tenant/users', users)
      const app = create().basePath('/v1')
      app.get('/', ok).post('/items/:id', ok).route('/api', api)
      assert.equal(await route(app, '/v1'), '/v1')
      assert.equal(await route(app, '/v1/items/1', 'POST'), '/v1/items/:id')
      assert.equal(await route(app, '/v1/api/a/users'), '/v1/api/:tenant/users')
      assert.equal(await route(app, '/v1/api/a/users/1'), '/v1/api/:tenant/users/:user')
      assert.equal(await route(app, '/v1/api/a/users/1', 'HEAD'), '/v1/api/:tenant/users/:user')
    })

    test('of several handlers that match it is the one that answers; middleware is none', async () => {
      let app = create()
      app.use('*', pass).use('/admin/*', pass)
      app.get('/guarded/:id', pass, pass, ok)
      app.get('/answers/:id', async (context, _next) => context.text('ok'))
      assert.equal(await route(app, '/guarded/1'), '/guarded/:id')
      assert.equal(await route(app, '/answers/1'), '/answers/:id')
      assert.equal(await route(app, '/admin/x'), '')
      if (name.includes('regular expressions')) return // it refuses routes that overlap
      app = create().use(pass)
      app.get('/passed/:on', pass).get('/passed/1', ok)
      app.get('/special', ok).get('/:any', ok)
      assert.equal(await route(app, '/special'), '/special')
      assert.equal(await route(app, '/other'), '/:any')
      assert.equal(await route(app, '/passed/1'), '/passed/1')
    })

    test('what matches no route has none, and a route for all has its own', async () => {
      const app = create().use(pass).get('/there', ok)
      app.notFound((context) => context.text('none', 404))
      assert.equal(await route(app, '/nowhere/42'), '')
      assert.equal(await route(app, '/there', 'POST'), '')
      const every = create().get('/there', ok).all('/*', ok)
      assert.equal(await route(every, '/there'), '/there')
      assert.equal(await route(every, '/nowhere/42'), '/*')
    })

    test('handlers that fail, in their first part and later, and middleware that refuses have theirs', async () => {
      const app = create()
      app.onError((_, context) => context.text('caught', 500))
      app.use('/secret/*', async (context, _next) => context.text('no', 401))
      app.get('/secret/:id', ok)
      app.get('/throws/:id', () => {
        throw new Error('expected by the test')
      })
      app.get('/rejects/:id', async () => {
        await sleep(1)
        throw new Error('expected by the test')
      })
      for (const [path, status, template] of [
        ['/throws/1', 500, '/throws/:id'],
        ['/rejects/1', 500, '/rejects/:id'],
        ['/secret/1', 401, '/secret/:id'],
      ] as const) {
        const answered = await answer(observed, listener(app), path)
        assert.deepEqual([answered.status, answered.routes], [status, [template]])
      }
    })

    test('a request that the program makes to its own application does not change the route', async () => {
      const app = create()
      app.get('/inner', ok)
      app.get('/outer/:id', async (context) => context.text(await (await app.request('/inner')).text()))
      const { routes, text } = await answer(observed, listener(app), '/outer/1')
      assert.deepEqual([routes, text], [['/outer/:id'], 'ok'])
    })

    test('pipelined requests on one connection have each its own', async () => {
      const app = create()
      app.get('/slow/:id', async (context) => {
        await sleep(20)
        return context.text('slow')
      })
      app.get('/fast/:id', ok)
      const routes = await pipelined(observed, createServer(listener(app)), ['/slow/1', '/fast/2', '/none', '/fast/3'])
      assert.deepEqual(routes, ['/slow/:id', '/fast/:id', '', '/fast/:id'])
    })
  })
}

test('below a framework that knows the route already, the route stays', async () => {
  const { Hono } = require('hono') as { Hono: HonoClass }
  const app = listener(new Hono().get('/x', ok))
  const outer = (request: IncomingMessage, response: ServerResponse): void => {
    activities.setRoute(activities.current()!, observed.recorder.name('/outer'))
    void app(request, response)
  }
  assert.deepEqual((await answer(observed, outer, '/x')).routes, ['/outer'])
})

test('the version that was seen is said', () => {
  const seen = reader.hooked.filter(({ module }) => module === 'hono')
  assert.deepEqual([...new Set(seen.map(({ version, how }) => `${version.split('.')[0]} ${how}`))], ['4 patch'])
})
