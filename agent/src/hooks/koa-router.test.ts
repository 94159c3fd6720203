import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe, until } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { http } from './http.ts'
import { koaRouter } from './koa-router.ts'
import { koa } from './koa.ts'

type Middleware = (context: { body: unknown; params: Record<string, string> }, next: () => Promise<void>) => unknown

interface Router {
  get(path: string | RegExp, ...handlers: Middleware[]): Router
  use(...args: (string | Middleware)[]): Router
  routes(): Middleware
}

type Koa = new () => { use(middleware: Middleware): void; callback(): RequestListener }

const { reader, activities, stop } = observe([http], [koa, koaRouter])
after(stop)

const require = createRequire(import.meta.url)

async function route(listener: RequestListener, path: string): Promise<string> {
  const server = await serve(listener)
  try {
    const count = reader.requests().length
    await server.get(path)
    await until('the end of the request', () => reader.requests().length > count && reader.live().length === 0)
    assert.deepEqual(reader.problems, [])
    return reader.requests().at(-1)!.routes.at(-1) ?? ''
  } finally {
    server.close()
  }
}

for (const [koaName, routerName] of [
  ['koa2', 'koarouter12'],
  ['koa2', 'koarouter13'],
  ['koa3', 'koarouter14'],
  ['koa3', 'koarouter15'],
] as const) {
  const KoaApp = require(koaName) as Koa
  const RouterClass = require(routerName) as new (options?: object) => Router
  const ok: Middleware = (context) => void (context.body = 'ok')

  suite(`${koaName} with ${routerName}`, () => {
    test('the route is known in its handler, while it runs, also behind other middleware', async () => {
      const app = new KoaApp()
      const router = new RouterClass()
      let inHandler: string | undefined
      app.use(async (_, next) => {
        await sleep(1)
        await next()
      })
      router.use(async (_, next) => next())
      router.get('/cart/:id', (context) => {
        inHandler = reader.name(activities.current()!.route)
        context.body = context.params['id']
      })
      app.use(router.routes())
      assert.equal(await route(app.callback(), '/cart/7?secret=1'), '/cart/:id')
      assert.equal(inHandler, '/cart/:id')
    })

    test('prefixes and nested routers are in it', async () => {
      const app = new KoaApp()
      const posts = new RouterClass()
      posts.get('/', ok)
      posts.get('/:post', ok)
      const forums = new RouterClass({ prefix: '/api' })
      forums.use('/forums/:forum/posts', posts.routes())
      app.use(forums.routes())
      assert.equal(await route(app.callback(), '/api/forums/1/posts/2'), '/api/forums/:forum/posts/:post')
      assert.match(await route(app.callback(), '/api/forums/1/posts'), /^\/api\/forums\/:forum\/posts\/?$/)
    })

    test('of several layers that match it is the one whose handler answers', async () => {
      const app = new KoaApp()
      const router = new RouterClass()
      router.get('/special', ok)
      router.get('/:any', ok)
      router.get('/passed/:on', (_, next) => next())
      router.get(/^\/passed/, ok)
      app.use(router.routes())
      assert.equal(await route(app.callback(), '/special'), '/special')
      assert.equal(await route(app.callback(), '/other'), '/:any')
      assert.equal(await route(app.callback(), '/passed/1'), '/^\\/passed/')
      assert.equal(await route(app.callback(), '/no/route/here'), '')
    })
  })
}

test('Koa and its router are said to be seen, by version', () => {
  const seen = reader.hooked.map(({ module, version, how }) => `${module} ${version.split('.')[0]} ${how}`)
  for (const major of [2, 3]) assert.ok(seen.includes(`koa ${major} patch`), seen.join())
  for (const major of [12, 13, 14, 15]) assert.ok(seen.includes(`@koa/router ${major} patch`), seen.join())
})
