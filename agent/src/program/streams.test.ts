import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, afterEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../hooks/http.ts'
import { observe, until } from '../testing/observe.ts'
import { serve, type Served } from '../testing/serve.ts'
import { StreamStory } from '../testing/stream-story.ts'

const observed = observe([http])
const { activities, recorder, reader } = observed
const story = new StreamStory(observed)
after(() => observed.stop())

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await until('the end of all', () => story.snapshot().tasks.length === 0)
  assert.ok(story.snapshot().streams.every((row) => row.active === 0 && row.buffered === 0))
  assert.ok(story.snapshot().routes.every((row) => row.inFlight === 0))
  assert.deepEqual(reader.problems, [])
})

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

let routes = 0

/** Each with a route of its own: its row is of this test alone. */
async function open(handler: Handler): Promise<{ route: string; served: Served; port: number }> {
  const template = `/stream/${++routes}`
  const served = await serve((request, response) => {
    activities.setRoute(activities.current()!, recorder.name(template))
    void handler(request, response)
  })
  closing.push(() => served.close())
  return { route: `GET ${template}`, served, port: served.port }
}

/** A client that reads nothing until it is told to. */
async function slowReader(port: number): Promise<Socket & { received: number }> {
  const socket = Object.assign(connect(port, '127.0.0.1'), { received: 0 })
  socket.on('error', () => {})
  closing.push(() => socket.destroy())
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')
  socket.pause()
  socket.on('data', (chunk) => (socket.received += chunk.length))
  socket.pause()
  return socket
}

async function reader1(port: number): Promise<IncomingMessage> {
  const client = get({ port, agent: false })
  client.on('error', () => {})
  closing.push(() => client.destroy())
  const [response] = (await once(client, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return response.resume()
}

const EVENT = 'data: hello\n\n'

suite('a response that stays open is a stream', () => {
  test('of server-sent events: at once, and its life is no latency', async () => {
    const { route, port } = await open((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => response.write(EVENT), 20)
      response.on('close', () => clearInterval(timer))
    })
    const client = await reader1(port)
    await until('the stream', () => story.row(route)?.active === 1)
    await until('what it writes', () => story.row(route)!.chunks > 10)
    const { kind, state, waitingOn } = story.task(route)!
    assert.deepEqual({ kind, state, waitingOn }, { kind: 'stream', state: 'waiting', waitingOn: null })
    assert.equal(story.route(route)?.inFlight ?? 0, 0)
    const { chunks, bytes, stalls, ignored, opened } = story.row(route)!
    assert.ok(bytes >= chunks * EVENT.length)
    assert.deepEqual({ stalls, ignored, opened }, { stalls: 0, ignored: 0, opened: 1 })
    client.destroy()
    await until('its end', () => story.row(route)?.active === 0)
    const { ended, aborted } = story.row(route)!
    assert.deepEqual({ ended, aborted }, { ended: 1, aborted: 1 })
    const latency = story.route(route)?.latency.max ?? 0
    assert.ok(latency < 200, `${latency} ms`)
    assert.equal(story.route(route)?.errors ?? 0, 0)
  })

  test('whose time to the head is exact, once the program has had one', async () => {
    const { route, port } = await open(async (_, response) => {
      await sleep(60)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(EVENT)
      await sleep(400)
      response.end()
    })
    await Promise.all([reader1(port), reader1(port)])
    await until('both', () => story.row(route)?.opened === 2)
    const { ttfb } = story.row(route)!
    assert.ok(ttfb && ttfb.p50 >= 58, JSON.stringify(ttfb))
    await until('their ends', () => story.row(route)?.ended === 2)
    const { count, latency } = story.route(route)!
    assert.equal(count, 2)
    assert.ok(latency.max < 58 + 350, `${latency.max} ms`)
    assert.equal(story.row(route)!.aborted, 0)
  })

  test('when its body goes on for a second, whatever it is', async () => {
    const { route, port } = await open((_, response) => {
      response.write('first')
      setTimeout(() => response.end('last'), 1600)
    })
    await reader1(port)
    await sleep(500)
    assert.equal(story.task(route)?.kind, 'request')
    await until('the stream', () => story.row(route)?.active === 1)
    await until('its end', () => story.row(route)?.ended === 1)
    assert.equal(story.row(route)!.aborted, 0)
  })

  test('and a request without an answer is none, nor one whose head is not sent', async () => {
    const { route, served } = await open(async (request, response) => {
      if (request.method === 'GET') response.writeHead(200)
      await sleep(2000)
      response.end('done')
    })
    await Promise.all([served.get('/'), served.get('/', 'POST')])
    assert.equal(story.row(route), undefined)
    await until('its latency', () => (story.route(route)?.count ?? 0) === 1)
    assert.ok(story.route(route)!.latency.max > 1900)
  })
})

suite('a slow client', () => {
  test('stalls a pipeline, which says for how long; all bytes are counted', async () => {
    const body = 50_000_000
    const { route, port } = await open(async (_, response) => {
      response.setHeader('content-length', body)
      const chunk = Buffer.alloc(50_000)
      await pipeline(
        Readable.from(
          (function* () {
            for (let i = 0; i < body / chunk.length; i++) yield chunk
          })(),
        ),
        response,
      )
    })
    const client = await slowReader(port)
    await until('the stall', () => story.task(route)?.waitingOn !== null && story.row(route) !== undefined)
    const { kind, waitingOn } = story.task(route)!
    assert.deepEqual([kind, waitingOn!.kind, waitingOn!.name], ['stream', 'stream', 'drain'])
    await until('for how long', () => story.row(route)!.stalledTime > 300)
    assert.ok(story.row(route)!.buffered > 0)
    client.resume()
    await until('the end', () => story.row(route)?.ended === 1, 10_000)
    const { bytes, ignored, stalls, site } = story.row(route)!
    await once(client, 'close')
    assert.equal(bytes, client.received)
    assert.ok(bytes > body && bytes < body + 1000)
    assert.ok(stalls >= 1)
    assert.deepEqual({ ignored, site }, { ignored: 0, site: null })
  })

  test('and a writer that does not wait for it: how often, what is buffered, and where', async () => {
    const chunk = Buffer.alloc(100_000)
    const { route, port } = await open(function writesOn(_, response) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => response.write(chunk), 5)
      response.on('close', () => clearInterval(timer))
    })
    const client = await slowReader(port)
    await until('what is ignored', () => (story.row(route)?.ignored ?? 0) > 20)
    const { site, buffered } = story.row(route)!
    assert.match(site!, /streams\.test\.ts:\d+$/)
    assert.ok(buffered > 1_000_000, `${buffered} bytes`)
    // It does not wait: neither is it a stall.
    const { stalls, stalledTime } = story.row(route)!
    await until('more', () => story.row(route)!.ignored > 150)
    assert.ok(story.row(route)!.stalls <= stalls + 1 && story.row(route)!.stalledTime <= stalledTime + 50)
    assert.equal(story.task(route)!.waitingOn, null)
    assert.equal(story.task(route)!.site, site)
    client.destroy()
    await until('its end', () => story.row(route)?.ended === 1)
    assert.equal(story.row(route)!.aborted, 1)
  })
})

test('the response is as it was: the same results, and nothing of its own when it is over', async () => {
  let seen: unknown[] = []
  const { route, port } = await open(async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const { write } = response
    response.write(EVENT)
    await until('the stream', () => story.row(route)?.active === 1)
    seen = [response.write(EVENT), response.write.name === write.name, response.write.length === write.length]
    seen.push(response.listenerCount('drain'), Object.keys(response).includes('write'))
    assert.throws(() => response.write(null as never), { code: 'ERR_STREAM_NULL_VALUES' })
    response.end(() => setImmediate(() => seen.push(Object.hasOwn(response, 'write'))))
  })
  await reader1(port)
  await until('its end', () => story.row(route)?.ended === 1 && seen.length === 6)
  assert.deepEqual(seen, [true, true, true, 0, false, false])
})
