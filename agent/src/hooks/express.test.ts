import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { CONTROL } from '@loopscope/collector/protocol'
import { observe, until } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { express as hook } from './express.ts'
import { http } from './http.ts'

type Request = IncomingMessage & { params: Record<string, string>; baseUrl: string }
type Handler = (
  request: Request,
  response: ServerResponse & { send(body: string): void },
  next: (error?: unknown) => void,
) => void

interface Router extends RequestListener {
  (request: IncomingMessage, response: ServerResponse): void
  stack: { name: string; handle: { name: string } }[]
  use(...args: (unknown[] | string | RegExp | Handler | Router)[]): Router
  get(path: string | RegExp | (string | RegExp)[], ...handlers: Handler[]): Router
  all(path: string | RegExp | (string | RegExp)[], ...handlers: Handler[]): Router
  route(path: string): Router
  handle: unknown
}

interface Express {
  (): Router
  Router: { (options?: object): Router; prototype: Record<string, unknown> }
  application: Record<string, unknown>
  Route: { prototype: Record<string, unknown> }
}

const { reader, activities, recorder, stop } = observe([http], [hook])
after(stop)

const require = createRequire(import.meta.url)

/** The route that is known inside of the handler, and the answer's status. */
async function route(app: Router, path: string, method = 'GET'): Promise<string> {
  const server = await serve(app)
  try {
    const count = reader.requests().length
    await server.get(path, method)
    await until('the end of the request', () => reader.requests().length > count && reader.live().length === 0)
    assert.deepEqual(reader.problems, [])
    return reader.requests().at(-1)!.routes.at(-1) ?? ''
  } finally {
    server.close()
  }
}

for (const [name, load] of [
  ['Express 4', () => require('express4') as Express],
  ['Express 5', () => require('express5') as Express],
] as const) {
  const express = load()
  const isFirst = name === 'Express 4'
  const ok: Handler = (_, response) => response.send('ok')

  suite(name, () => {
    test('the route is known in its handler, while it runs', async () => {
      const app = express()
      let inHandler: string | undefined
      app.get('/cart/:id', (_, response) => {
        inHandler = reader.name(activities.current()!.route)
        response.send('ok')
      })
      assert.equal(await route(app, '/cart/7?secret=1'), '/cart/:id')
      assert.equal(inHandler, '/cart/:id')
    })

    test('mounted routers, and routers in routers, give their prefixes', async () => {
      const app = express()
      const api = express.Router()
      const users = express.Router({ mergeParams: true })
      users.get('/', ok)
      users.get('/:user', ok)
      users.route('/:user/cart').get(ok as never)
      api.use('/:tenant/users', (_request: unknown, _response: unknown, next: () => void) => next(), users)
      app.use('/api/', api)
      assert.equal(await route(app, '/api/a/users/1'), '/api/:tenant/users/:user')
      assert.equal(await route(app, '/api/a/users/1/cart'), '/api/:tenant/users/:user/cart')
      assert.equal(await route(app, '/api/a/users'), '/api/:tenant/users')
    })

    test('sub-applications give their mount path, also when they are filled later', async () => {
      const app = express()
      const shop = express()
      const deep = express()
      app.use('/shop', shop)
      shop.use(deep)
      assert.equal(await route(app, '/shop/items/1'), '')
      deep.get('/items/:id', ok)
      assert.equal(await route(app, '/shop/items/1'), '/shop/items/:id')
      const router = express.Router()
      shop.use('/more', router)
      router.get('/:x', ok)
      assert.equal(await route(app, '/shop/more/1'), '/shop/more/:x')
    })

    test('a router that is mounted at several places is told apart by the URL', async () => {
      const app = express()
      const items = express.Router()
      items.get('/:id', ok)
      app.use('/v1', items)
      app.use('/v2', items)
      app.use(['/old', '/older/:year'], items)
      assert.equal(await route(app, '/v1/5'), '/v1/:id')
      assert.equal(await route(app, '/V2/5'), '/v2/:id')
      assert.equal(await route(app, '/old/5'), '/old/:id')
      assert.equal(await route(app, '/older/1999/5'), '/older/:year/:id')
    })

    test('a mount that is added after the first request is seen', async () => {
      const app = express()
      const items = express.Router()
      items.get('/:id', ok)
      app.use('/a', items)
      assert.equal(await route(app, '/a/1'), '/a/:id')
      app.use('/b', items)
      assert.equal(await route(app, '/b/1'), '/b/:id')
      assert.equal(await route(app, '/a/1'), '/a/:id')
    })

    test('arrays and regular expressions are written as OpenTelemetry writes them', async () => {
      const app = express()
      app.get(['/x', '/y'], ok)
      app.get(/^\/re(gex)?$/, ok)
      assert.equal(await route(app, '/y'), '/x,/y')
      assert.equal(await route(app, '/regex'), '/^\\/re(gex)?$/')
    })

    test('the last route that was dispatched counts; what matches none has none', async () => {
      const app = express()
      app.all(isFirst ? '*' : '/{*rest}', (_, __, next) => next())
      app.get('/a/:b', (_, __, next) => next('route'))
      app.get('/a/special', ok)
      assert.equal(await route(app, '/a/special'), '/a/special')
      assert.equal(await route(app, '/a/other'), '/a/:b')
      assert.equal(await route(express(), '/nothing/here'), '')
    })

    test('HEAD, OPTIONS and an error in the handler have their route', async () => {
      const app = express()
      app.get('/head', ok)
      app.get('/broken', () => {
        throw new Error('expected by the test')
      })
      const failed = (_error: unknown, _request: unknown, response: ServerResponse, _next: unknown): unknown =>
        response.writeHead(500).end()
      app.use(failed as unknown as Handler)
      assert.equal(await route(app, '/head', 'HEAD'), '/head')
      assert.equal(await route(app, '/broken'), '/broken')
    })

    test('a wrapper around a router ends the template there, never with a part of the URL', async () => {
      const app = express()
      const hidden = express.Router()
      hidden.get('/:id', ok)
      const wrapper: Handler = (request, response, next) => (hidden as Handler)(request, response, next)
      app.use('/wrapped', wrapper)
      assert.equal(await route(app, '/wrapped/1'), '/:id')
    })

    test('errors, return values, names and properties of what is patched are those of Express', async () => {
      const app = express()
      const router = express.Router()
      assert.equal(router.use(ok), router)
      assert.equal(app.use(router), app)
      assert.throws(
        () => app.use('/x'),
        isFirst ? /requires a middleware function/ : /requires? a middleware|argument handler/,
      )
      const methods = isFirst
        ? (express.Router as unknown as Record<string, { name: string; length: number }>)
        : express.Router.prototype
      assert.deepEqual(
        [methods['use'], methods['route'], express.Route.prototype['dispatch'], express.application['use']].map(
          (method) => {
            const { name, length } = method as { name: string; length: number }
            return [name, length]
          },
        ),
        [
          ['use', 1],
          ['route', 1],
          ['dispatch', 3],
          ['use', 1],
        ],
      )
      assert.deepEqual(Reflect.ownKeys(router.route('/r')), Reflect.ownKeys(express.Router().route('/r')))
      if (isFirst) {
        app.get('/named', ok)
        const internals = app as unknown as { _router: Router }
        assert.equal(internals._router.stack.at(-1)!.name, 'bound dispatch')
      }
    })

    test('the number of names is bounded by what was registered', async () => {
      const app = express()
      app.get('/n/:id', ok)
      await route(app, '/n/0')
      const before = recorder.channel.control[CONTROL.names]!
      for (let i = 1; i < 20; i++) await route(app, `/n/${i}`)
      assert.equal(recorder.channel.control[CONTROL.names]! - before, 0)
    })
  })
}

test('the versions that were seen are said', () => {
  const seen = reader.hooked
    .filter(({ module }) => module === 'express')
    .map(({ version, how }) => `${version[0]} ${how}`)
  assert.deepEqual(seen, ['4 patch', '5 patch'])
})
