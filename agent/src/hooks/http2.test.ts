import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  connect,
  constants,
  createSecureServer,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { after, afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTROL } from '@loopscope/collector/protocol'
import { observe, until } from '../testing/observe.ts'
import { fastify as fastifyHook } from './fastify.ts'
import { http } from './http.ts'
import { http2 } from './http2.ts'
import { koaRouter } from './koa-router.ts'

const observed = observe([http, http2, fastifyHook], [koaRouter])
const { reader, activities, recorder } = observed
after(() => observed.stop())

const require = createRequire(import.meta.url)
type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => unknown

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function client(server: Http2Server): Promise<ClientHttp2Session> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  session.on('error', () => {})
  await once(session, 'connect')
  closing.push(
    () => session.destroy(),
    () => server.close(),
  )
  return session
}

const serve = (handler: Handler): Promise<ClientHttp2Session> => client(createServer(handler as never))

interface Asking {
  method?: string
  body?: string[]
}

async function ask(session: ClientHttp2Session, path: string, { method = 'GET', body }: Asking = {}): Promise<string> {
  const stream = session.request({ ':path': path, ':method': method }, { endStream: body === undefined })
  for (const chunk of body ?? []) {
    stream.write(chunk)
    await sleep(5)
  }
  if (body) stream.end()
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

/** What is told of the requests that are made meanwhile. */
async function story(count: number, make: () => Promise<unknown>) {
  const before = reader.requests().length
  await make()
  await until(
    `the end of ${count} requests`,
    () => reader.requests().length - before === count && reader.live().length === 0,
  )
  assert.deepEqual(reader.problems, [])
  return reader.requests().slice(before)
}

const here = (): string => {
  const activity = activities.current()
  return activity ? `${reader.name(activity.name)} ${activity.id}` : 'none'
}

test('a request is one activity, from its headers to its end', async () => {
  const session = await serve((_, response) => {
    response.statusCode = 201
    response.end(here())
  })
  const [told] = await story(1, async () => assert.match(await ask(session, '/'), /^GET \d+$/))
  assert.deepEqual([told!.kind, told!.name, told!.ends], ['request', 'GET', [{ outcome: 'ok', status: 201 }]])
})

test('a stream that is answered without the compatibility API is one, too', async () => {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 404 })
    stream.end(here())
  })
  const session = await client(server)
  const [told] = await story(1, async () => assert.match(await ask(session, '/'), /^GET \d+$/))
  assert.deepEqual(told!.ends, [{ outcome: 'ok', status: 404 }])
})

test('many streams of one session have each their own, through awaits, timers and ticks', async () => {
  const session = await serve(async (_, response) => {
    const seen = [here()]
    await sleep(2)
    seen.push(here())
    await new Promise((done) => process.nextTick(done))
    seen.push(here())
    setImmediate(() => response.end([...seen, here()].join()))
  })
  const answers: string[] = []
  await story(20, async () => {
    const all = Array.from({ length: 20 }, (_, i) => ask(session, `/${i}`, i % 3 ? {} : { method: 'POST', body: [] }))
    answers.push(...(await Promise.all(all)))
  })
  for (const answer of answers) assert.equal(new Set(answer.split(',')).size, 1, answer)
  assert.equal(new Set(answers).size, 20)
  assert.ok(!answers.some((answer) => answer.includes('none')))
})

test('bodies that come in turn are read in the activity of their own request', async () => {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream) => {
    const seen = [here()]
    stream.on('data', () => seen.push(here()))
    stream.on('end', () => {
      seen.push(here())
      stream.respond()
      stream.end(seen.join())
    })
  })
  const compatible = await serve((request, response) => {
    const seen = [here()]
    request.on('data', () => seen.push(here()))
    request.on('end', () => response.end([...seen, here()].join()))
  })
  for (const session of [await client(server), compatible]) {
    const answers: string[] = []
    await story(3, async () => {
      const all = [1, 2, 3].map(() => ask(session, '/', { method: 'POST', body: ['a', 'b', 'c'] }))
      answers.push(...(await Promise.all(all)))
    })
    for (const answer of answers) {
      assert.ok(answer.split(',').length >= 4, answer)
      assert.equal(new Set(answer.split(',')).size, 1, answer)
    }
    assert.equal(new Set(answers.map((answer) => answer.split(',')[0])).size, 3)
  }
})

test('what runs between the requests runs for none', async () => {
  const session = await serve((_, response) => response.end())
  await story(2, () => Promise.all([ask(session, '/'), ask(session, '/')]))
  let later: string | undefined
  setTimeout(() => (later = here()), 1)
  await until('the timer', () => later !== undefined)
  assert.equal(later, 'none')
})

test('a client that resets its stream, and one that goes away, have aborted', async () => {
  const session = await serve((_, response) => {
    response.writeHead(200)
    response.write('x')
  })
  const reset = (stream: ClientHttp2Stream): void => {
    stream.on('error', () => {})
    stream.close(constants.NGHTTP2_CANCEL)
  }
  const [first] = await story(1, async () => {
    const stream = session.request({ ':path': '/' })
    await once(stream, 'response')
    reset(stream)
  })
  assert.deepEqual(first!.ends, [{ outcome: 'aborted', status: 200 }])
  const both = await story(2, async () => {
    const streams = [1, 2].map(() => session.request({ ':path': '/' }).on('error', () => {}))
    await Promise.all(streams.map((stream) => once(stream, 'response')))
    session.destroy()
  })
  for (const { ends } of both) assert.deepEqual(ends, [{ outcome: 'aborted', status: 200 }])
})

test('a handler that fails ends its stream, and its activity', async () => {
  const session = await serve((_, response) => response.stream.destroy(new Error('expected by the test')))
  const [told] = await story(1, () => ask(session, '/').catch(() => 'failed'))
  assert.equal(told!.ends[0]!.outcome, 'aborted')
})

test('a pushed stream is no request, nor is a tunnel', async () => {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    if (headers[':method'] === 'CONNECT') {
      stream.respond()
      return stream.end('tunnel')
    }
    stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => {
      pushed.respond()
      pushed.end('pushed')
    })
    stream.respond()
    stream.end('asked')
  })
  const session = await client(server)
  let pushes = 0
  session.on('stream', (stream) => {
    pushes++
    stream.resume()
  })
  await story(1, async () => {
    assert.equal(await ask(session, '/'), 'asked')
    const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'test' })
    await once(tunnel.resume(), 'close')
  })
  assert.equal(pushes, 1)
})

test('methods that a client makes up have one name', async () => {
  const session = await serve((_, response) => response.end())
  await story(1, () => ask(session, '/', { method: 'MADEUP' }))
  const before = recorder.channel.control[CONTROL.names]!
  const told = await story(2, async () => {
    await ask(session, '/', { method: 'MADEUP2' })
    await ask(session, '/', { method: 'get' })
  })
  assert.deepEqual(
    told.map(({ name }) => name),
    ['other', 'other'],
  )
  assert.equal(recorder.channel.control[CONTROL.names]!, before)
})

test('HTTP/1 on the same secure port is one activity a request, not two', async () => {
  // By a shared key: no certificate to keep and renew.
  const psk = Buffer.from('0123456789abcdef')
  const shared = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const
  const options: object = { ...shared, allowHTTP1: true, pskCallback: () => psk }
  const server = createSecureServer(options, (_, response) => response.end(here()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const pskCallback = (): { psk: Buffer; identity: string } => ({ psk, identity: 'test' })
  const asking: object = { ...shared, port, pskCallback, checkServerIdentity: () => undefined }
  const session = connect(`https://127.0.0.1:${port}`, asking)
  closing.push(
    () => session.destroy(),
    () => server.close(),
  )
  await story(1, async () => assert.match(await ask(session, '/'), /^GET \d+$/))
  await story(1, async () => {
    const [response] = (await once(get({ ...asking, agent: false }), 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
  })
})

test('Fastify on HTTP/2 has its routes, prefixes included', async () => {
  const fastify = (require('fastify5') as (options: object) => Fastify)({ http2: true })
  await fastify.register(async (api: Fastify) => void api.post('/items/:id', async () => here()), { prefix: '/api' })
  await fastify.ready()
  const session = await client(fastify.server)
  const [told] = await story(1, async () => {
    const body = ['{"a":', '1}']
    const stream = session.request({ ':path': '/api/items/1', ':method': 'POST', 'content-type': 'application/json' })
    stream.write(body[0])
    await sleep(5)
    stream.end(body[1])
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    assert.match(text, /^POST \d+$/)
  })
  assert.deepEqual(told!.routes, ['/api/items/:id'])
  const [missed] = await story(1, () => ask(session, '/nowhere'))
  assert.deepEqual(missed!.routes, [])
  session.destroy()
  await fastify.close()
})

interface Fastify {
  server: Http2Server
  register(plugin: (api: Fastify) => Promise<void>, options: object): Promise<void>
  post(path: string, handler: () => Promise<string>): void
  ready(): Promise<void>
  close(): Promise<void>
}

test('Koa with its router on HTTP/2 has its routes', async () => {
  const Koa = require('koa3') as new () => { use(middleware: unknown): void; callback(): Handler }
  const Router = require('koarouter15') as new (options: object) => {
    get(path: string, handler: (context: { body: unknown }) => void): void
    routes(): unknown
  }
  const app = new Koa()
  const router = new Router({ prefix: '/api' })
  router.get('/items/:id', (context) => void (context.body = here()))
  app.use(router.routes())
  const session = await serve(app.callback())
  const [told] = await story(1, async () => assert.match(await ask(session, '/api/items/1'), /^GET \d+$/))
  assert.deepEqual(told!.routes, ['/api/items/:id'])
})

test('it is said to be hooked', () => {
  assert.deepEqual(
    reader.hooked.filter(({ module }) => module === 'node:http2').map(({ how }) => how),
    ['channel'],
  )
})
