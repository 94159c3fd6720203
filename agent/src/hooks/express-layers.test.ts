/** What a request passes through in Express, against layers whose times are known. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, suite, test } from 'node:test'
import { burn, LayerStory, shapeOf, took } from '../testing/layers.ts'
import { observe } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { express as hook } from './express.ts'
import { http } from './http.ts'

type Next = (error?: unknown) => void
interface Response {
  send(text: string): void
  status(code: number): Response
}
type Handler = (request: object, response: Response, next: Next) => unknown
type ErrorHandler = (error: Error, request: object, response: Response, next: Next) => unknown
interface Router {
  (request: never, response: never): void
  use(...args: (string | Handler | ErrorHandler | Router)[]): Router
  get(path: string, ...handlers: Handler[]): Router
  route(path: string): Router
}
interface Express {
  (): Router
  Router(): Router
}

const observed = observe([http], [hook])
after(observed.stop)
const story = new LayerStory(observed)
const require = createRequire(import.meta.url)

for (const name of ['express4', 'express5']) {
  const express = require(name) as Express
  const isFirst = name === 'express4'
  const framework = isFirst ? ['query', 'expressInit'] : []

  async function ask(app: Router, path: string): Promise<string> {
    const server = await serve(app as never)
    const { text } = await server.get(path)
    await story.quiet()
    server.close()
    return text
  }

  suite(name, () => {
    test('what burns the loop, what waits and what answers, each with its own time', async () => {
      const app = express()
      app.use(function burnsFive(_request: object, _response: Response, next: Next) {
        burn(5)
        next()
      })
      app.use(function rests(_request: object, _response: Response, next: Next) {
        setTimeout(next, 30)
      })
      app.get(`/${name}/a`, async function answers(_request, response) {
        burn(3)
        await sleep(20)
        response.send('ok')
      })
      assert.equal(await ask(app, `/${name}/a`), 'ok')
      const rows = story.of(`GET /${name}/a`).filter((row) => !framework.includes(row.name))
      assert.deepEqual(rows.map(shapeOf), [
        'middleware burnsFive sync',
        'middleware rests async',
        'handler answers async',
      ])
      const [burns, rests, answers] = rows
      took(burns!, 5, 0)
      took(rests!, 0, 30)
      took(answers!, 3, 20)
      for (const row of rows) assert.match(row.file!, /express-layers\.test\.ts$/)
      assert.ok(burns!.line! < rests!.line! && rests!.line! < answers!.line!)
    })

    test('routers and applications below lead to their layers, and are none', async () => {
      const app = express()
      const inner = express.Router()
      const mounted = express()
      inner.use(function checks(_request: object, _response: Response, next: Next) {
        next()
      })
      inner.get(
        '/b',
        function first(_request, _response, next) {
          next()
        },
        function second(_request, response) {
          response.send('ok')
        },
      )
      mounted.use('/in', inner)
      app.use(`/${name}`, mounted)
      assert.equal(await ask(app, `/${name}/in/b`), 'ok')
      const rows = story.of(`GET /${name}/in/b`).filter((row) => !framework.includes(row.name))
      assert.deepEqual(rows.map(shapeOf), ['middleware checks sync', 'handler first sync', 'handler second sync'])
      for (const row of rows) took(row, 0, 0)
    })

    test('an error goes to its handler, and is counted where it comes from', async () => {
      const app = express()
      app.get(`/${name}/c`, function fails(_request, _response, next) {
        next(new Error('no'))
      })
      app.use(function handles(error: Error, _request: object, response: Response, _next: Next) {
        response.status(500).send(error.message)
      })
      assert.equal(await ask(app, `/${name}/c`), 'no')
      const rows = story.of(`GET /${name}/c`).filter((row) => !framework.includes(row.name))
      assert.deepEqual(rows.map(shapeOf), ['handler fails sync', 'error-handler handles sync'])
      assert.deepEqual(
        rows.map(({ failed }) => failed),
        [1, 0],
      )
    })

    test('what throws is handled as without it, and a request that is not measured sees nothing', async () => {
      const { layers } = observed.activities
      for (const measured of [layers, undefined]) {
        observed.activities.layers = measured
        const app = express()
        const seen: unknown[] = []
        app.get(`/${name}/d`, function throws(this: unknown, ...args: unknown[]) {
          seen.push(this, args.length, (args[2] as Next).length)
          throw new Error('thrown')
        })
        app.use((error: Error, _request: object, response: Response, _next: Next) =>
          response.send(`${error.message} ${/throws/.test(error.stack!)}`),
        )
        assert.equal(await ask(app, `/${name}/d`), 'thrown true')
        assert.deepEqual(seen, [undefined, 3, 1])
      }
      observed.activities.layers = layers
    })
  })
}
