/** What a request passes through in Fastify, against hooks whose times are known. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, suite, test } from 'node:test'
import type * as Fastify4 from 'fastify4'
import type * as Fastify5 from 'fastify5'
import { burn, LayerStory, shapeOf, took } from '../testing/layers.ts'
import { observe } from '../testing/observe.ts'
import { fastify as hook } from './fastify.ts'
import { http } from './http.ts'

const observed = observe([http, hook])
after(observed.stop)
const story = new LayerStory(observed)

for (const name of ['fastify4', 'fastify5']) {
  const { fastify } = (await import(name)) as typeof Fastify4 & typeof Fastify5

  suite(name, () => {
    test('hooks of all kinds and the handler, each with its own time', async (t) => {
      const app = fastify()
      t.after(() => app.close())
      app.addHook('onRequest', function burnsFive(_request, _reply, done) {
        burn(5)
        done()
      })
      app.addHook('preHandler', async function rests() {
        await sleep(30)
      })
      app.addHook('onSend', (_request, _reply, payload, done) => {
        setTimeout(done, 10, null, payload)
      })
      app.get(`/${name}/a`, { preValidation: async function checks() {} }, async function answers() {
        burn(3)
        await sleep(20)
        return 'ok'
      })
      assert.equal((await ask(app, `/${name}/a`)).payload, 'ok')
      const rows = story.of(`GET /${name}/a`)
      assert.deepEqual(
        rows.map((row) => `${row.kind} ${row.name}`),
        [
          'hook onRequest burnsFive',
          'hook preValidation checks',
          'hook preHandler rests',
          'handler answers',
          'hook onSend (anonymous)',
        ],
      )
      const [burns, , rests, answers, sends] = rows
      took(burns!, 5, 0)
      took(rests!, 0, 30)
      took(answers!, 3, 20)
      took(sends!, 0, 10)
      assert.deepEqual(
        [burns, rests, answers].map((row) => shapeOf(row!)),
        ['hook onRequest burnsFive sync', 'hook preHandler rests async', 'handler answers async'],
      )
    })

    test('a handler that answers by itself, and one that fails', async (t) => {
      const app = fastify()
      t.after(() => app.close())
      app.get(`/${name}/b`, function replies(_request, reply) {
        void reply.send('ok')
      })
      app.get(`/${name}/c`, async function fails() {
        await sleep(1)
        throw new Error('no')
      })
      app.get(`/${name}/d`, function throws() {
        throw new Error('thrown')
      })
      assert.equal((await ask(app, `/${name}/b`)).payload, 'ok')
      assert.match((await ask(app, `/${name}/c`)).payload, /"message":"no"/)
      assert.match((await ask(app, `/${name}/d`)).payload, /"message":"thrown"/)
      assert.deepEqual(story.of(`GET /${name}/b`).map(shapeOf), ['handler replies sync'])
      assert.deepEqual(
        story.of(`GET /${name}/c`).map((row) => [shapeOf(row), row.failed]),
        [['handler fails async', 1]],
      )
      assert.deepEqual(
        story.of(`GET /${name}/d`).map((row) => [shapeOf(row), row.failed]),
        [['handler throws sync', 1]],
      )
    })

    test('printRoutes, this and arguments are as without it', async (t) => {
      const texts: string[] = []
      const seen: unknown[] = []
      const { layers } = observed.activities
      for (const measured of [layers, undefined]) {
        observed.activities.layers = measured
        const app = fastify()
        t.after(() => app.close())
        app.addHook('onRequest', function hooked(this: unknown, ...args: unknown[]) {
          seen.push(this === app, args.length, typeof args[2])
          ;(args[2] as () => void)()
        })
        app.get(`/${name}/e`, function handles(this: unknown, ...args) {
          seen.push(this === app, args.length)
          return args[1].send('ok')
        })
        await ask(app, `/${name}/e`)
        texts.push(app.printRoutes({ includeHooks: true }))
      }
      observed.activities.layers = layers
      assert.equal(texts[0], texts[1])
      assert.deepEqual(seen, [true, 3, 'function', true, 2, true, 3, 'function', true, 2])
    })

    async function ask(app: ReturnType<typeof fastify>, path: string): Promise<{ payload: string }> {
      await app.listen({ port: 0, host: '127.0.0.1' }).catch((error: Error) => {
        if (!/already listening/.test(error.message)) throw error
      })
      const { port } = app.server.address() as { port: number }
      const payload = await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
      await story.quiet()
      return { payload }
    }
  })
}
