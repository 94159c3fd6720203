/** Server-sent events and streamed bodies of the frameworks, which all end in the response of node:http, or of node:http2. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import { connect as connect2, createServer as createServer2, type Http2ServerResponse } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, afterEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Activity } from '../program/activity.ts'
import { observe, until } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { StreamStory } from '../testing/stream-story.ts'
import { express } from './express.ts'
import { fastify } from './fastify.ts'
import { hono } from './hono.ts'
import { http } from './http.ts'
import { http2 } from './http2.ts'
import { koaRouter } from './koa-router.ts'
import { koa } from './koa.ts'

const observed = observe([http, http2, fastify], [express, hono, koa, koaRouter])
const { activities, recorder, reader } = observed
const story = new StreamStory(observed)
after(() => observed.stop())
// The libraries are taken as they come.
/* eslint-disable @typescript-eslint/no-explicit-any */
const require = createRequire(import.meta.url)

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await until('the end of all', () => story.snapshot().tasks.length === 0)
  assert.ok(story.snapshot().streams.every((row) => row.active === 0 && row.buffered === 0))
  assert.deepEqual(reader.problems, [])
})

const EVENT = 'data: hello\n\n'
const HEAD = { 'content-type': 'text/event-stream' }

/** Without an end. */
async function* events(): AsyncGenerator<string> {
  for (;;) {
    yield EVENT
    await sleep(10)
  }
}

/** Each writes events until its client goes away. */
const APPS: Record<string, () => RequestListener | Promise<RequestListener>> = {
  ...Object.fromEntries(
    ['express4', 'express5'].map((name) => [
      name,
      () => {
        const app = (require(name) as () => any)()
        app.get('/express/:id', (_: unknown, response: any) => {
          response.set(HEAD).flushHeaders()
          const timer = setInterval(() => response.write(EVENT), 10)
          response.on('close', () => clearInterval(timer))
        })
        return app
      },
    ]),
  ),
  ...Object.fromEntries(
    ['fastify4', 'fastify5'].flatMap((name) => [
      [
        `${name}, reply.raw`,
        async () => {
          const app = (require(name) as () => any)()
          app.get('/fastify/:id', (_: unknown, reply: any) => {
            reply.hijack()
            reply.raw.writeHead(200, HEAD)
            const timer = setInterval(() => reply.raw.write(EVENT), 10)
            reply.raw.on('close', () => clearInterval(timer))
          })
          await app.ready()
          return app.routing
        },
      ],
      [
        `${name}, a Readable`,
        async () => {
          const app = (require(name) as () => any)()
          app.get('/fastify/:id', (_: unknown, reply: any) => reply.headers(HEAD).send(Readable.from(events())))
          await app.ready()
          return app.routing
        },
      ],
    ]),
  ),
  ...Object.fromEntries(
    ['koa2', 'koa3'].map((name) => [
      name,
      () => {
        const app = new (require(name) as new () => any)()
        const router = new (require('koarouter13') as new () => any)()
        router.get('/koa/:id', (context: any) => {
          context.set(HEAD)
          context.body = Readable.from(events())
        })
        return app.use(router.routes()).callback()
      },
    ]),
  ),
  'hono, streamSSE': async () => {
    const { Hono } = (await import('hono')) as any
    const { streamSSE } = (await import('hono/streaming')) as any
    const app = new Hono()
    app.get('/hono/:id', (context: any) =>
      streamSSE(context, async (stream: any) => {
        while (!stream.aborted) {
          await stream.writeSSE({ data: 'hello' })
          await stream.sleep(10)
        }
      }),
    )
    return listener(app)
  },
  'hono, a web stream': async () => {
    const { Hono } = (await import('hono')) as any
    const app = new Hono()
    app.get('/hono/:id', () => new Response(Readable.toWeb(Readable.from(events())) as never, { headers: HEAD }))
    return listener(app)
  },
}

function listener(app: { fetch: unknown }): RequestListener {
  const { getRequestListener } = require('@hono/node-server') as { getRequestListener(fetch: unknown): RequestListener }
  return getRequestListener(app.fetch)
}

suite('events sent by', () => {
  for (const [name, make] of Object.entries(APPS)) {
    test(`${name} are a stream of their route`, async () => {
      const path = `/${name.match(/^[a-z]+/)![0]}`
      const route = `GET ${path}/:id`
      const served = await serve(createServer(await make()))
      const before = story.row(route)
      const client = get({ port: served.port, path: `${path}/7`, agent: false })
      client.on('error', () => {})
      closing.push(
        () => client.destroy(),
        () => served.close(),
      )
      const [response] = (await once(client, 'response')) as [IncomingMessage]
      let received = 0
      response.on('error', () => {}).on('data', (chunk: Buffer) => (received += chunk.length))
      await until('the stream', () => story.row(route)?.active === 1)
      const chunks = before?.chunks ?? 0
      await until('what it writes', () => story.row(route)!.chunks - chunks > 10)
      assert.equal(story.task(route)!.kind, 'stream')
      client.destroy()
      await until('its end', () => story.row(route)?.active === 0)
      const row = story.row(route)!
      assert.equal(row.aborted - (before?.aborted ?? 0), 1)
      assert.ok(row.bytes - (before?.bytes ?? 0) >= received)
      assert.deepEqual([row.ignored, row.site], [0, null])
      assert.ok((story.route(route)?.latency.max ?? 0) < 150)
    })
  }
})

suite('over HTTP/2', () => {
  async function open(template: string, handler: (response: Http2ServerResponse) => unknown) {
    const server = createServer2((_, response) => {
      activities.setRoute(activities.current() as Activity, recorder.name(template))
      void handler(response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connect2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    closing.push(
      () => session.destroy(),
      () => server.close(),
    )
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    return stream
  }

  test('events are a stream, until the client goes away', async () => {
    const client = await open('/two/events', (response) => {
      response.writeHead(200, HEAD)
      const timer = setInterval(() => response.write(EVENT), 10)
      response.on('close', () => clearInterval(timer))
    })
    client.resume()
    await until('what it writes', () => (story.row('GET /two/events')?.chunks ?? 0) > 10)
    assert.equal(story.task('GET /two/events')!.kind, 'stream')
    client.close(8)
    await until('its end', () => story.row('GET /two/events')?.ended === 1)
    assert.equal(story.row('GET /two/events')!.aborted, 1)
  })

  test('a slow reader stalls a pipeline; all bytes are counted', async () => {
    const route = 'GET /two/file'
    const body = 10_000_000
    const client = await open('/two/file', async (response) => {
      const chunk = Buffer.alloc(50_000)
      const chunks = new Array<Buffer>(body / chunk.length).fill(chunk)
      await pipeline(Readable.from(chunks), response)
    })
    await until('the stall', () => story.task(route)?.waitingOn?.kind === 'stream')
    await until('for how long', () => story.row(route)!.stalledTime > 300)
    let received = 0
    client.on('data', (chunk: Buffer) => (received += chunk.length))
    await until('the end', () => story.row(route)?.ended === 1, 10_000)
    const { bytes, ignored, aborted } = story.row(route)!
    assert.deepEqual({ bytes, received, ignored, aborted }, { bytes: body, received: body, ignored: 0, aborted: 0 })
  })

  test('a writer that does not wait is told by its line', async () => {
    const client = await open('/two/regardless', (response) => {
      response.writeHead(200, HEAD)
      const chunk = Buffer.alloc(100_000)
      const timer = setInterval(() => response.write(chunk), 5)
      response.on('close', () => clearInterval(timer))
    })
    await until('what is ignored', () => (story.row('GET /two/regardless')?.ignored ?? 0) > 10)
    assert.match(story.row('GET /two/regardless')!.site!, /streams\.test\.ts:\d+$/)
    client.destroy()
  })
})
