/** A real server and real clients of socket.io, over both transports. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, afterEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as SocketIo from 'socket.io'
import type * as SocketIoClient from 'socket.io-client'
import { observe, until } from '../testing/observe.ts'
import { SocketStory } from '../testing/sockets.ts'
import { http } from './http.ts'
import { socketIo } from './socket-io.ts'
import { timers } from './timers.ts'
import { ws } from './ws.ts'

const observed = observe([http, timers], [ws, socketIo])
const story = new SocketStory(observed)
const { activities, reader } = observed
const { Server } = (await import('socket.io')) as typeof SocketIo
const { io } = (await import('socket.io-client')) as typeof SocketIoClient

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})
after(() => observed.stop())

type Transport = 'websocket' | 'polling'

interface Served {
  server: SocketIo.Server
  open(namespace: string, transport?: Transport): Promise<SocketIoClient.Socket>
}

async function serve(options: Partial<SocketIo.ServerOptions> = {}): Promise<Served> {
  const http = createServer()
  const server = new Server(http, options)
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const { port } = http.address() as AddressInfo
  closing.push(() => {
    void server.close()
    http.closeAllConnections()
  })
  return {
    server,
    async open(namespace, transport = 'websocket') {
      const client = io(`http://127.0.0.1:${port}${namespace}`, {
        transports: [transport],
        forceNew: true,
        reconnection: false,
      })
      closing.unshift(() => client.disconnect())
      await new Promise<void>((resolve, reject) => {
        client.on('connect', resolve)
        client.on('connect_error', reject)
      })
      return client
    },
  }
}

for (const transport of ['websocket', 'polling'] as const) {
  suite(`over ${transport}`, () => {
    const name = (path: string): string => `/${transport}-${path}`

    test('a namespace counts its sockets, and nothing is counted twice', async () => {
      const { server, open } = await serve()
      server.of(name('count')).on('connection', () => {})
      const before = observed.now()
      const clients = await Promise.all([1, 2, 3].map(() => open(name('count'), transport)))
      const { oldestSince } = await story.told(`socket.io ${name('count')}`, { opened: 3, closed: 0 })
      assert.ok(oldestSince >= before)
      clients[0]!.disconnect()
      await story.told(`socket.io ${name('count')}`, { opened: 3, closed: 1 })
      for (const client of clients) client.disconnect()
      await story.isOver(`socket.io ${name('count')}`)
      assert.deepEqual(
        [...reader.sockets.keys()].filter((key) => key.startsWith('ws ')),
        [],
      )
      assert.deepEqual(
        story.messages().filter((message) => message.name.startsWith('ws ')),
        [],
      )
    })

    test('each event is an activity that its handlers run in, with its acknowledgement', async () => {
      const { server, open } = await serve()
      const ids: (number | undefined)[] = []
      const note = (): void => void ids.push(activities.current()?.id)
      server.of(name('event')).on('connection', (socket) => {
        socket.on('save', note)
        socket.on('save', async (value: number, acknowledge: (answer: number) => void) => {
          await sleep(2)
          note()
          acknowledge(value + 1)
        })
      })
      const client = await open(name('event'), transport)
      const before = story.messages().length
      assert.equal(await client.emitWithAck('save', 41), 42)
      const [message, ...more] = story.messages().slice(before)
      assert.deepEqual(more, [])
      assert.equal(message!.name, `socket.io ${name('event')} save`)
      assert.deepEqual(message!.ends, [{ outcome: 'ok', status: 0 }])
      assert.deepEqual(ids, [message!.id, message!.id])
      await story.told(`socket.io ${name('event')}`, { messagesIn: 1, messagesOut: 1 })
      client.disconnect()
      await story.isOver(`socket.io ${name('event')}`)
    })

    test('bytes of both ways, attachments with them', async () => {
      const { server, open } = await serve()
      server.of(name('bytes')).on('connection', (socket) => {
        socket.on('blob', (data: Buffer) => socket.emit('blob', data))
      })
      const client = await open(name('bytes'), transport)
      const answer = new Promise((resolve) => client.on('blob', resolve))
      client.emit('blob', Buffer.alloc(5000))
      await answer
      const header = `51-${name('bytes')},["blob",{"_placeholder":true,"num":0}]`.length
      const both = { messagesIn: 1, messagesOut: 1, bytesIn: 5000 + header, bytesOut: 5000 + header }
      await story.told(`socket.io ${name('bytes')}`, both)
      client.disconnect()
      await story.isOver(`socket.io ${name('bytes')}`)
    })

    test('a broadcast is a message out for each socket that gets it', async () => {
      const { server, open } = await serve()
      const rooms = server.of(name('rooms'))
      rooms.on('connection', (socket) => {
        socket.on('join', (room: string, joined: () => void) => {
          void socket.join(room)
          joined()
        })
      })
      const clients = await Promise.all(Array.from({ length: 6 }, () => open(name('rooms'), transport)))
      await Promise.all(clients.map((client, i) => client.emitWithAck('join', i < 4 ? 'kitchen' : 'hall')))
      await story.told(`socket.io ${name('rooms')}`, { messagesIn: 6, messagesOut: 6 })
      rooms.to('kitchen').emit('news', 'soup')
      await story.told(`socket.io ${name('rooms')}`, { messagesOut: 10 })
      rooms.emit('news', 'all')
      await story.told(`socket.io ${name('rooms')}`, { messagesOut: 16 })
      for (const client of clients) client.disconnect()
      await story.isOver(`socket.io ${name('rooms')}`)
    })
  })
}

suite('events', () => {
  test('one that nobody handles has no name and no activity, but is a message', async () => {
    const { server, open } = await serve()
    server.of('/unhandled').on('connection', () => {})
    const client = await open('/unhandled')
    const before = story.messages().length
    for (let i = 0; i < 5; i++) client.emit(`made up ${i}`)
    await story.told('socket.io /unhandled', { messagesIn: 5 })
    assert.equal(story.messages().length, before)
    client.disconnect()
    await story.isOver('socket.io /unhandled')
  })

  test('middleware and onAny run before, as an activity of their own; handlers know it as their parent', async () => {
    const { server, open } = await serve()
    const seen: [string, number | undefined][] = []
    const note = (what: string): void => void seen.push([what, activities.current()?.id])
    server.of('/middleware').on('connection', (socket) => {
      socket.onAny(() => note('any'))
      socket.use(([event], next) => {
        note('middleware')
        if (event === 'dropped') return
        setTimeout(next, 2, event === 'refused' ? new Error('refused') : undefined)
      })
      socket.on('error', () => {})
      socket.on('save', () => note('handler'))
      socket.on('refused', () => note('never'))
      socket.on('dropped', () => note('never'))
    })
    const client = await open('/middleware')
    const before = story.messages().length
    client.emit('dropped')
    client.emit('refused')
    client.emit('save')
    await until('the handler', () => seen.length === 7)
    const messages = story.messages().slice(before)
    const handler = messages.find(({ name }) => name === 'socket.io /middleware save')!
    const parent = messages.find(({ id }) => id === handler.parent)!
    assert.equal(parent.name, 'socket.io /middleware (middleware)')
    assert.equal(messages.length, 4)
    assert.deepEqual(seen.at(-1), ['handler', handler.id])
    assert.deepEqual(seen.at(-2), ['middleware', parent.id])
    assert.ok(!seen.some(([what]) => what === 'never'))
    client.disconnect()
    await story.isOver('socket.io /middleware')
  })

  test('who waits for an acknowledgement is called in an activity', async () => {
    const { server, open } = await serve()
    const answered = new Promise<[unknown, number | undefined]>((resolve) => {
      server.of('/ask').on('connection', (socket) => {
        socket.emit('question', (answer: unknown) => resolve([answer, activities.current()?.id]))
      })
    })
    const client = io(`http://127.0.0.1:${(server.httpServer.address() as AddressInfo).port}/ask`, {
      transports: ['websocket'],
      forceNew: true,
    })
    closing.unshift(() => client.disconnect())
    client.on('question', (answer: (text: string) => void) => answer('yes'))
    const [answer, id] = await answered
    assert.equal(answer, 'yes')
    const message = story.messages().find((each) => each.id === id)!
    assert.equal(message.name, 'socket.io /ask (acknowledgement)')
    await story.told('socket.io /ask', { messagesIn: 1, messagesOut: 1 })
    assert.ok(open)
    client.disconnect()
    await story.isOver('socket.io /ask')
  })

  test('a handler that throws is one that has failed, and the error is the program’s', async () => {
    const { server, open } = await serve()
    let sockets: SocketIo.Socket | undefined
    server.of('/throws').on('connection', (socket) => {
      sockets = socket
      socket.on('bad', () => {
        throw error
      })
    })
    const error = new Error('from a handler')
    const client = await open('/throws')
    await until('the connection', () => sockets !== undefined)
    assert.throws(
      () => (sockets as unknown as { emitUntyped(event: string): void }).emitUntyped('bad'),
      (thrown) => thrown === error,
    )
    assert.deepEqual(story.messages().at(-1)!.ends, [{ outcome: 'failed', status: 0 }])
    assert.equal(activities.current(), undefined)
    client.disconnect()
    await story.isOver('socket.io /throws')
  })
})

suite('namespaces', () => {
  test('on one connection are told apart, in and out, for broadcasts, too', async () => {
    const { server } = await serve()
    for (const path of ['/one', '/two'])
      server.of(path).on('connection', (socket) => socket.on('x', () => socket.emit('y')))
    const { port } = server.httpServer.address() as AddressInfo
    const manager = { transports: ['websocket'], reconnection: false }
    const one = io(`http://127.0.0.1:${port}/one`, manager)
    const two = io(`http://127.0.0.1:${port}/two`, manager)
    closing.unshift(
      () => one.disconnect(),
      () => two.disconnect(),
    )
    await until('both namespaces', () => one.connected && two.connected)
    assert.equal(one.io, two.io)
    two.emit('x')
    two.emit('x')
    one.emit('x')
    await story.told('socket.io /two', { messagesIn: 2, messagesOut: 2 })
    await story.told('socket.io /one', { messagesIn: 1, messagesOut: 1 })
    server.of('/two').emit('broadcast')
    await story.told('socket.io /two', { messagesOut: 3 })
    assert.equal(story.path('socket.io /one')!.messagesOut, 1)
    two.disconnect()
    await story.told('socket.io /two', { opened: 1, closed: 1 })
    await story.told('socket.io /one', { opened: 1, closed: 0 })
    one.disconnect()
    await story.isOver('socket.io /one')
  })

  test('that are refused have no connections', async () => {
    const { server, open } = await serve()
    server.of('/members').use((_, next) => next(new Error('no')))
    await assert.rejects(open('/members'), /no/)
    await sleep(30)
    assert.equal(story.path('socket.io /members'), undefined)
  })
})

suite('transports', () => {
  test('an upgrade from polling to a WebSocket is no second connection', async () => {
    const { server } = await serve()
    server.of('/upgrade').on('connection', () => {})
    const { port } = server.httpServer.address() as AddressInfo
    const client = io(`http://127.0.0.1:${port}/upgrade`, { forceNew: true, reconnection: false })
    closing.unshift(() => client.disconnect())
    await new Promise<void>((resolve) => client.on('connect', resolve))
    await until('the upgrade', () => client.io.engine.transport.name === 'websocket')
    client.emit('after')
    await story.told('socket.io /upgrade', { opened: 1, closed: 0, messagesIn: 1 })
    assert.ok(![...reader.sockets.keys()].some((key) => key.startsWith('ws ')))
    client.disconnect()
    await story.isOver('socket.io /upgrade')
  })

  test('polling requests have a route of their own', async () => {
    const { server, open } = await serve()
    server.of('/polls').on('connection', () => {})
    const before = reader.requests().length
    const client = await open('/polls', 'polling')
    client.disconnect()
    await story.isOver('socket.io /polls')
    const routes = new Set(
      reader
        .requests()
        .slice(before)
        .map(({ routes }) => routes.join()),
    )
    assert.deepEqual([...routes], ['/socket.io/'])
  })

  test('what waits for a client that does not read is told', async () => {
    const { server, open } = await serve({ maxHttpBufferSize: 1e8 })
    let socket: SocketIo.Socket | undefined
    server.of('/slow').on('connection', (connected) => void (socket = connected))
    const client = await open('/slow')
    await until('the connection', () => socket !== undefined)
    const raw = (client.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws
      ._socket
    raw.pause()
    for (let i = 0; i < 12; i++) socket!.emit('much', Buffer.alloc(1 << 20))
    await until('the slow consumer', () => story.path('socket.io /slow')?.slow === 1)
    assert.ok(story.path('socket.io /slow')!.buffered > 1 << 20)
    raw.resume()
    await story.told('socket.io /slow', { buffered: 0, slow: 0 })
    client.disconnect()
    await story.isOver('socket.io /slow')
  })
})
