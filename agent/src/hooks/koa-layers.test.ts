/** What a request passes through in Koa, against middleware whose times are known. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, suite, test } from 'node:test'
import { burn, LayerStory, shapeOf, took } from '../testing/layers.ts'
import { observe } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { http } from './http.ts'
import { koaRouter } from './koa-router.ts'
import { koa as hook } from './koa.ts'

interface Context {
  body: unknown
  status: number
}
type Middleware = (context: Context, next: () => Promise<void>) => unknown
interface Application {
  use(middleware: Middleware): Application
  callback(): never
  on(name: string, listener: () => void): void
}
interface Router {
  use(middleware: Middleware): Router
  get(path: string, ...handlers: Middleware[]): Router
  routes(): Middleware
}

const observed = observe([http], [hook, koaRouter])
after(observed.stop)
const story = new LayerStory(observed)
const require = createRequire(import.meta.url)

async function ask(app: Application, ...paths: string[]): Promise<string> {
  const server = await serve(app.callback())
  let text = ''
  for (const path of paths) ({ text } = await server.get(path))
  await story.quiet()
  server.close()
  return text
}

for (const [name, routerName] of [
  ['koa2', 'koarouter12'],
  ['koa3', 'koarouter15'],
] as const) {
  const Koa = require(name) as new () => Application
  const KoaRouter = require(routerName) as (new () => Router) & { Router?: new () => Router }
  const Router = KoaRouter.Router ?? KoaRouter

  suite(`${name} with ${routerName}`, () => {
    test('a middleware has its own time, without those below it', async () => {
      const app = new Koa()
      const router = new Router()
      app.use(async function measures(_context, next) {
        burn(4)
        await next()
        await sleep(15)
      })
      app.use(async function rests(_context, next) {
        await sleep(30)
        return next()
      })
      router.get(
        `/${name}/a`,
        (_context, next) => next(),
        async function answers(context) {
          burn(3)
          await sleep(20)
          context.body = 'ok'
        },
      )
      app.use(router.routes())
      // The layers of a route are measured from the second request on.
      assert.equal(await ask(app, `/${name}/a`, `/${name}/a`), 'ok')
      const rows = story.of(`GET /${name}/a`)
      assert.deepEqual(
        rows.map((row) => [shapeOf(row), row.calls]),
        [
          ['middleware measures async', 2],
          ['middleware rests async', 2],
          ['middleware (anonymous) async', 1],
          ['handler answers async', 1],
        ],
      )
      const [measures, rests, , answers] = rows
      took(measures!, 4, 15, 2)
      took(rests!, 0, 30, 2)
      took(answers!, 3, 20)
      assert.match(measures!.file!, /koa-layers\.test\.ts$/)
    })

    test('what throws is handled as without it', async () => {
      const app = new Koa()
      app.on('error', () => {})
      app.use(async function catches(context, next) {
        await next().catch((error: Error) => {
          context.body = `caught ${error.message}`
        })
      })
      app.use(async function fails() {
        await sleep(1)
        throw new Error('no')
      })
      assert.equal(await ask(app, `/${name}/b`), 'caught no')
    })
  })
}
