/** A real server and real clients; the clients' module is the server's, as it is in a program: they are not counted. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { after, afterEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as Ws from 'ws'
import { SLOW_BYTES } from '../program/sockets.ts'
import { observe, until } from '../testing/observe.ts'
import { SocketStory } from '../testing/sockets.ts'
import { express } from './express.ts'
import { http } from './http.ts'
import { timers } from './timers.ts'
import { ws } from './ws.ts'

const observed = observe([http, timers], [ws, express])
const story = new SocketStory(observed)
const { activities, reader } = observed
const { WebSocket, WebSocketServer } = (await import('ws')) as unknown as typeof Ws

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})
after(() => observed.stop())

interface Served {
  url: string
  port: number
  server: Ws.WebSocketServer
  sockets: Ws.WebSocket[]
}

async function serve(path: string, options: Ws.ServerOptions = {}): Promise<Served> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path, ...options })
  await once(server, 'listening')
  return served(server, (server.address() as AddressInfo).port, path)
}

function served(server: Ws.WebSocketServer, port: number, path: string): Served {
  const sockets: Ws.WebSocket[] = []
  server.on('connection', (socket) => void sockets.push(socket))
  closing.push(() => {
    for (const socket of sockets) socket.terminate()
    server.close()
  })
  return { url: `ws://127.0.0.1:${port}${path}`, port, server, sockets }
}

async function open(url: string, options: Ws.ClientOptions = {}): Promise<Ws.WebSocket> {
  const client = new WebSocket(url, options)
  client.on('error', () => {})
  await once(client, 'open')
  return client
}

/** On a server of any kind that has no WebSocket server of its own. */
async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

suite('connections', () => {
  test('are counted from the upgrade to the end, and the query is nowhere', async () => {
    const { url } = await serve('/count')
    const before = observed.now()
    const client = await open(`${url}?token=secret`)
    const { oldestSince } = await story.told('ws /count', { opened: 1, closed: 0 })
    assert.ok(oldestSince >= before && oldestSince <= observed.now())
    const second = await open(url)
    await story.told('ws /count', { opened: 2, closed: 0, oldestSince })
    client.close()
    assert.ok((await story.told('ws /count', { opened: 2, closed: 1 })).oldestSince > oldestSince)
    second.close()
    await story.isOver('ws /count')
  })

  for (const [how, path, end] of [
    ['are closed by the client', '/end-1', (client: Ws.WebSocket) => client.close(1000, 'bye')],
    ['are torn by the client (1006)', '/end-2', (client: Ws.WebSocket) => client.terminate()],
    ['are closed by the server', '/end-3', (_: Ws.WebSocket, { sockets }: Served) => sockets[0]!.close(1001)],
    ['are terminated by the server', '/end-4', (_: Ws.WebSocket, { sockets }: Served) => sockets[0]!.terminate()],
    [
      'break the protocol',
      '/end-5',
      (client: Ws.WebSocket) => (client as unknown as { _socket: Socket })._socket.write(Buffer.from([0xff, 0xff])),
    ],
  ] as const) {
    test(`are over once they ${how}`, async () => {
      const server = await serve(path)
      const client = await open(server.url)
      await until('the connection', () => server.sockets.length === 1)
      server.sockets[0]!.on('error', () => {})
      end(client, server)
      await new Promise((resolve) => server.sockets[0]!.once('close', resolve))
      await story.isOver(`ws ${path}`)
      assert.equal(story.path(`ws ${path}`)!.opened, 1)
    })
  }

  test('that are refused are none', async () => {
    const { url } = await serve('/refused', { verifyClient: () => false })
    const client = new WebSocket(url)
    const [error] = (await once(client, 'error')) as [Error]
    assert.match(error.message, /401/)
    const other = new WebSocket(url.replace('/refused', '/elsewhere'))
    assert.match(((await once(other, 'error')) as [Error])[0].message, /400/)
    await sleep(30)
    assert.equal(story.path('ws /refused'), undefined)
    assert.equal(story.path('ws /elsewhere'), undefined)
  })

  test('that are accepted late are counted by then', async () => {
    const { url } = await serve('/late', {
      verifyClient: (_: unknown, done: (ok: boolean) => void) => setTimeout(done, 5, true),
    })
    const client = await open(url)
    await story.told('ws /late', { opened: 1 })
    client.close()
    await story.isOver('ws /late')
  })

  test('a hundred of them, which come and go', async () => {
    const { url, sockets } = await serve('/hundred')
    const clients = await Promise.all(Array.from({ length: 100 }, () => open(url)))
    for (const client of clients) client.send('x')
    await story.told('ws /hundred', { opened: 100, closed: 0, messagesIn: 100 })
    for (const socket of sockets) for (let i = 0; i < 3; i++) socket.send('four')
    await story.told('ws /hundred', { messagesOut: 300, bytesOut: 1200 })
    for (const [i, client] of clients.entries()) {
      if (i % 2 === 0) client.close()
      else client.terminate()
    }
    await story.isOver('ws /hundred')
  })

  test('of a client in the same process are not counted', async () => {
    const { url } = await serve('/client')
    const client = await open(url)
    client.send('to the server')
    await story.told('ws /client', { messagesIn: 1, messagesOut: 0, opened: 1 })
    client.close()
    await story.isOver('ws /client')
  })

  test('a part of the path that names one of many is not told', async () => {
    const { server, port } = await serve('/', { path: undefined } as never)
    assert.ok(server)
    for (const path of ['/room/42', '/room/43', '/room/0b9f54c6-5b7c-4c9a-9a7e-2f5b1f0c6a11?x=1']) {
      const client = await open(`ws://127.0.0.1:${port}${path}`)
      client.close()
    }
    await story.told('ws /room/:id', { opened: 3, closed: 3 })
  })
})

suite('messages', () => {
  test('are counted by their bytes as the program sees them: text, binary, fragments, both ways', async () => {
    const { url, server } = await serve('/bytes', { perMessageDeflate: { threshold: 0 } })
    server.on('connection', (socket) =>
      socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) socket.send(data)
      }),
    )
    const client = await open(url, { perMessageDeflate: true })
    client.send('grüße') // 7 bytes
    client.send(Buffer.alloc(1000))
    await once(client, 'message')
    client.send('one ', { fin: false })
    client.send('message', { fin: true }) // 11
    client.send(new Uint8Array(10).buffer)
    await once(client, 'message')
    client.ping('no message')
    await story.told('ws /bytes', { messagesIn: 4, bytesIn: 1028, messagesOut: 2, bytesOut: 1010 })
    client.close()
    await story.isOver('ws /bytes')
  })

  test('out: fragments are one message, and what is sent after the end is none', async () => {
    const { url, sockets } = await serve('/out')
    const client = await open(url)
    await until('the connection', () => sockets.length === 1)
    const [socket] = sockets
    socket!.send('a', { fin: false })
    socket!.send('bc')
    socket!.send(12345)
    socket!.send(Buffer.from('def'), { binary: true }, () => {})
    socket!.close()
    socket!.send('too late', () => {})
    await story.told('ws /out', { messagesOut: 3, bytesOut: 11 })
    client.close()
    await story.isOver('ws /out')
  })

  test('are activities that all listeners run in, and what they start', async () => {
    const { url, server } = await serve('/context')
    const ids: (number | undefined)[] = []
    const note = (): void => void ids.push(activities.current()?.id)
    server.on('connection', (socket) => {
      socket.on('message', note)
      socket.on('message', async () => {
        await sleep(1)
        note()
      })
      socket.once('message', () => setImmediate(note))
      socket.onmessage = note
      socket.on('ping', note)
    })
    const client = await open(url)
    const before = story.messages().length
    client.send('first')
    await until('the listeners', () => ids.length === 4)
    client.ping()
    await until('the ping', () => ids.length === 5)
    const [message, ...more] = story.messages().slice(before)
    assert.deepEqual(more, [])
    assert.deepEqual(ids, [message!.id, message!.id, message!.id, message!.id, undefined])
    assert.deepEqual([message!.name, message!.ends], ['ws /context', [{ outcome: 'ok', status: 0 }]])
    client.close()
    await story.isOver('ws /context')
  })

  test('many in one chunk are told apart', async () => {
    const { url, server } = await serve('/chunk')
    const ids = new Set<number | undefined>()
    server.on('connection', (socket) => socket.on('message', () => ids.add(activities.current()?.id)))
    const client = await open(url)
    const raw = (client as unknown as { _socket: Socket })._socket
    raw.cork()
    for (let i = 0; i < 50; i++) client.send(String(i))
    raw.uncork()
    await story.told('ws /chunk', { messagesIn: 50 })
    assert.equal(ids.size, 50)
    assert.ok(!ids.has(undefined))
    client.close()
    await story.isOver('ws /chunk')
  })

  test('work of theirs that goes on is background work, as that of a request is', async () => {
    const { url, server } = await serve('/goes-on')
    server.on('connection', (socket) => socket.on('message', () => void setTimeout(() => {}, 60)))
    const client = await open(url)
    const before = story.messages().length
    client.send('work')
    await until('the message', () => story.messages().length > before)
    const message = story.messages().at(-1)!
    await until('its end', () => message.settled.length === 1 || (reader.read(), false))
    assert.equal(message.ends.length, 1)
    assert.equal(message.outlived.length, 1)
    client.close()
    await story.isOver('ws /goes-on')
  })

  test('a listener that throws, throws; the message has failed', async () => {
    const { url, sockets } = await serve('/throws')
    const client = await open(url)
    await until('the connection', () => sockets.length === 1)
    const error = new Error('from a listener')
    const calls: string[] = []
    sockets[0]!.on('message', () => {
      calls.push('first')
      throw error
    })
    sockets[0]!.on('message', () => calls.push('second'))
    assert.throws(
      () => sockets[0]!.emit('message', Buffer.from('x'), false),
      (thrown) => thrown === error,
    )
    assert.deepEqual(calls, ['first'])
    assert.equal(activities.current(), undefined)
    assert.deepEqual(story.messages().at(-1)!.ends, [{ outcome: 'failed', status: 0 }])
    client.close()
    await story.isOver('ws /throws')
  })

  test('a rejection that nobody handles stays one, and one that is handled later stays handled', async () => {
    const { url, server } = await serve('/rejects')
    const seen: unknown[] = []
    const handlers = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason, promise) => seen.push(reason, promise))
    try {
      const promises: Promise<never>[] = []
      server.on('connection', (socket) =>
        socket.on('message', (data: Buffer) => {
          const promise = Promise.reject(new Error(String(data)))
          promises.push(promise)
          if (String(data) === 'handled') promise.catch(() => {})
          return promise
        }),
      )
      const client = await open(url)
      client.send('handled')
      client.send('not handled')
      await until('the messages', () => promises.length === 2)
      await until('the rejection', () => seen.length > 0)
      await sleep(5)
      assert.equal((seen[0] as Error).message, 'not handled')
      assert.equal(seen[1], promises[1])
      assert.equal(seen.length, 2)
      client.close()
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const handler of handlers) process.on('unhandledRejection', handler)
    }
    await story.isOver('ws /rejects')
  })
})

suite('what waits to be sent', () => {
  test('of a client that does not read, and that it is a slow consumer', async () => {
    const { url, sockets, port } = await serve('/slow')
    const fast = await open(url)
    const slow = connect(port, '127.0.0.1')
    slow.on('error', () => {})
    slow.write(
      'GET /slow HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await until('both connections', () => sockets.length === 2)
    slow.pause()
    const chunk = Buffer.alloc(1 << 20)
    for (const socket of sockets) socket.send('small')
    // The kernel takes some MB, then it stays here.
    while (sockets[1]!.bufferedAmount < 3 * SLOW_BYTES) {
      sockets[1]!.send(chunk)
      await sleep(1)
    }
    await until('the slow consumer', () => story.path('ws /slow')?.slow === 1)
    const told = story.path('ws /slow')!
    assert.equal(told.buffered, sockets[1]!.bufferedAmount)
    assert.ok(told.slowSince > 0 && told.slowSince < observed.now())
    // What it takes at last is not waiting any more.
    slow.resume()
    await story.told('ws /slow', { buffered: 0, slow: 0, slowSince: 0 })
    slow.destroy()
    fast.close()
    await story.isOver('ws /slow')
  })

  test('is nothing of a connection that is terminated with much waiting', async () => {
    const { url, sockets } = await serve('/gone')
    const client = await open(url)
    client.pause()
    await until('the connection', () => sockets.length === 1)
    while (sockets[0]!.bufferedAmount < 2 * SLOW_BYTES) {
      sockets[0]!.send(Buffer.alloc(1 << 20))
      await sleep(1)
    }
    await until('the slow consumer', () => story.path('ws /gone')?.slow === 1)
    sockets[0]!.terminate()
    await story.isOver('ws /gone')
    client.terminate()
  })
})

suite('other ways to a server', () => {
  test('noServer: the program gives it the upgrade, by path', async () => {
    const server = createServer()
    const both = { '/a': new WebSocketServer({ noServer: true }), '/b': new WebSocketServer({ noServer: true }) }
    const order: string[] = []
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const target = both[request.url as '/a']
      target.handleUpgrade(request, socket, head, function (this: unknown, webSocket, upgraded) {
        order.push('callback')
        assert.equal(upgraded, request)
        assert.ok(webSocket instanceof WebSocket)
        target.emit('connection', webSocket, request)
      })
      order.push('returned')
    })
    const port = await listen(server)
    served(both['/a'], port, '/a')
    served(both['/b'], port, '/b')
    const clients = await Promise.all(['/a', '/b', '/b'].map((path) => open(`ws://127.0.0.1:${port}${path}`)))
    assert.deepEqual(order.slice(0, 2), ['callback', 'returned'])
    await story.told('ws /a', { opened: 1 })
    await story.told('ws /b', { opened: 2 })
    for (const client of clients) client.close()
    await story.isOver('ws /a')
    await story.isOver('ws /b')
  })

  test('on the HTTP server of an Express application, whose requests are requests', async () => {
    const application = ((await import('express5' as string)) as { default: () => never }).default() as {
      get(path: string, handler: (request: unknown, response: { end(text: string): void }) => void): void
    }
    application.get('/page/:id', (_, response) => response.end('page'))
    const server = createServer(application as never)
    const port = await listen(server)
    served(new WebSocketServer({ server, path: '/live' }), port, '/live')
    const client = await open(`ws://127.0.0.1:${port}/live`)
    const answer = await fetch(`http://127.0.0.1:${port}/page/1`)
    assert.equal(await answer.text(), 'page')
    client.send('hello')
    await story.told('ws /live', { opened: 1, messagesIn: 1 })
    assert.deepEqual(reader.requests().at(-1)!.routes, ['/page/:id'])
    client.close()
    await story.isOver('ws /live')
  })

  test('from a route of Express: named by its template, and the request ends where the connection begins', async () => {
    const upgrades = new WebSocketServer({ noServer: true })
    const application = ((await import('express5' as string)) as { default: () => never }).default() as {
      get(path: string, handler: (request: IncomingMessage) => void): void
    }
    application.get('/rooms/:room', (request) =>
      upgrades.handleUpgrade(request, request.socket, Buffer.alloc(0), (socket) => upgrades.emit('connection', socket)),
    )
    const port = await listen(createServer(application as never))
    served(upgrades, port, '/rooms/kitchen')
    const before = reader.requests().length
    const client = await open(`ws://127.0.0.1:${port}/rooms/kitchen`)
    client.send('hello')
    await story.told('ws /rooms/:room', { opened: 1, messagesIn: 1 })
    const request = reader.requests()[before]!
    assert.deepEqual(request.routes, ['/rooms/:room'])
    assert.deepEqual(request.ends, [{ outcome: 'ok', status: 101 }])
    client.close()
    await story.isOver('ws /rooms/:room')
  })

  test('on the HTTP server of Fastify', async () => {
    const { fastify } = (await import('fastify5' as string)) as {
      fastify: () => { server: Server; ready(): Promise<void> }
    }
    const application = fastify()
    await application.ready()
    const port = await listen(application.server)
    served(new WebSocketServer({ server: application.server, path: '/fast' }), port, '/fast')
    const client = await open(`ws://127.0.0.1:${port}/fast`)
    client.send('hello')
    await story.told('ws /fast', { opened: 1, messagesIn: 1 })
    client.close()
    await story.isOver('ws /fast')
  })
})

test('the library looks as it did', () => {
  const { prototype } = WebSocket as unknown as { prototype: Record<string, (...args: never[]) => unknown> }
  assert.deepEqual(
    ['send', 'emitClose', 'emit'].map((name) => [prototype[name]!.name, prototype[name]!.length]),
    [
      ['send', 3],
      ['emitClose', 0],
      ['emit', 1],
    ],
  )
  const keys: string[] = []
  for (const key in prototype) keys.push(key)
  assert.ok(!keys.includes('emit'))
  const upgrade = (WebSocketServer as unknown as { prototype: typeof prototype }).prototype.handleUpgrade!
  assert.deepEqual([upgrade.name, upgrade.length], ['handleUpgrade', 4])
})

test('a socket shows nothing of what the agent keeps with it', async () => {
  const { url, sockets } = await serve('/shows')
  const client = await open(url)
  await until('the connection', () => sockets.length === 1)
  const symbols = Object.entries(Object.getOwnPropertyDescriptors(sockets[0]!)).filter(
    ([, { enumerable }]) => enumerable,
  )
  assert.ok(!symbols.some(([key]) => key.includes('loopscope')))
  const all = Object.getOwnPropertySymbols(sockets[0]!).filter((symbol) =>
    Object.prototype.propertyIsEnumerable.call(sockets[0], symbol),
  )
  assert.ok(!all.some(({ description }) => description?.includes('loopscope')))
  client.close()
  await story.isOver('ws /shows')
})

test('a request that wants something else is left to ws', async () => {
  const { port } = await serve('/plain')
  const request = ask({ port, path: '/plain' }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 426)
  response.resume()
})
