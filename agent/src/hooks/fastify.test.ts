import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import type { Server } from 'node:http'
import { observe, until } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { fastify as hook } from './fastify.ts'
import { http } from './http.ts'

type Handler = (request: unknown, reply: { send(body: string): unknown }, done?: () => void) => unknown

interface Fastify {
  server: Server
  get(path: string, options: object | Handler, handler?: Handler): Fastify
  route(options: { method: string | string[]; url: string; handler: Handler }): Fastify
  register(plugin: (child: Fastify) => Promise<void>, options?: { prefix?: string }): Fastify
  addHook(name: string, hook: Handler): Fastify
  setNotFoundHandler(handler: Handler): Fastify
  listen(options: { port: number; host: string }): Promise<string>
  inject(path: string): Promise<{ statusCode: number }>
  ready(): Promise<void>
  printPlugins(): string
  close(): Promise<void>
}

const { reader, activities, stop } = observe([http, hook])
after(stop)

const require = createRequire(import.meta.url)

async function withServer(
  app: Fastify,
  ask: (get: (path: string, method?: string) => Promise<string>) => Promise<void>,
) {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const server = await serve(app.server)
  try {
    await ask(async (path, method) => {
      const count = reader.requests().length
      await server.get(path, method)
      await until('the end of the request', () => reader.requests().length > count && reader.live().length === 0)
      assert.deepEqual(reader.problems, [])
      const { routes } = reader.requests().at(-1)!
      assert.ok(routes.length <= 1, routes.join())
      return routes[0] ?? ''
    })
  } finally {
    await app.close()
  }
}

for (const name of ['fastify4', 'fastify5']) {
  const fastify = require(name) as (options?: object) => Fastify
  const ok: Handler = (_, reply) => reply.send('ok')

  suite(name, () => {
    test('the route is known in the handler, and in every onRequest hook of the program', async () => {
      const app = fastify()
      const seen: string[] = []
      const note = (): unknown => seen.push(reader.name(activities.current()!.route))
      app.addHook('onRequest', (_request, _reply, done) => {
        note()
        done!()
      })
      app.get('/cart/:id', (_, reply) => {
        note()
        return reply.send('ok')
      })
      await withServer(app, async (get) => {
        assert.equal(await get('/cart/7?secret=1'), '/cart/:id')
      })
      assert.deepEqual(seen, ['/cart/:id', '/cart/:id'])
    })

    test('the program sees no plugin that is not its own', async () => {
      const app = fastify()
      await app.ready()
      // As Fastify's own test has it for an instance without plugins: the one is Fastify's.
      assert.match(app.printPlugins(), /^root \d+ ms\n└── bound _after \d+ ms\n$/)
      await app.close()
    })

    test('encapsulated plugins give their prefixes', async () => {
      const app = fastify()
      app.register(
        async (api) => {
          api.get('/', ok)
          api.get('/items/:id', { config: { url: 'not this' } }, ok)
          api.register(async (deep) => void deep.route({ method: ['GET', 'POST'], url: '/:a/:b', handler: ok }), {
            prefix: '/deep/:tenant',
          })
        },
        { prefix: '/api' },
      )
      app.get('/', ok)
      await withServer(app, async (get) => {
        assert.equal(await get('/'), '/')
        assert.equal(await get('/api'), '/api')
        assert.equal(await get('/api/items/3'), '/api/items/:id')
        assert.equal(await get('/api/items/3', 'HEAD'), '/api/items/:id')
        assert.equal(await get('/api/deep/t/1/2', 'POST'), '/api/deep/:tenant/:a/:b')
      })
    })

    test('what matches no route has none, whoever answers it', async () => {
      const app = fastify()
      app.get('/there', ok)
      await withServer(app, async (get) => assert.equal(await get('/nowhere/42'), ''))
      const other = fastify()
      other.setNotFoundHandler(ok)
      await withServer(other, async (get) => assert.equal(await get('/nowhere/42'), ''))
    })

    test('an injected request, which is none of node:http, works as ever', async () => {
      const app = fastify()
      app.get('/there', ok)
      assert.equal((await app.inject('/there')).statusCode, 200)
      await app.close()
    })
  })
}

test('the versions that were seen are said, each once', () => {
  const seen = reader.hooked
    .filter(({ module }) => module === 'fastify')
    .map(({ version, how }) => `${version[0]} ${how}`)
  assert.deepEqual(seen, ['4 channel', '5 channel'])
})
