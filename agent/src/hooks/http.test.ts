import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, get as getSecure, type ServerOptions as SecureOptions } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { after, afterEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Activity } from '../program/activity.ts'
import { observe, until } from '../testing/observe.ts'
import { http } from './http.ts'

const observed = observe([http])
const { reader, activities } = observed
after(() => observed.stop())

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(handler: Handler, server: Server = createServer()): Promise<number> {
  servers.push(server)
  server.on('request', handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function open(port: number): Promise<Socket & { text: string }> {
  const socket = connect(port, '127.0.0.1') as Socket & { text: string }
  socket.text = ''
  socket.on('data', (chunk) => (socket.text += String(chunk)))
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

const head = (path: string, ...lines: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: test', ...lines, '', ''].join('\r\n')

/** The activities of the requests that were made meanwhile, once each of them has ended. */
async function story(
  count: number,
  make: () => Promise<void>,
): Promise<{ name: string; outcome: string; status: number }[]> {
  const before = reader.requests().length
  await make()
  await until(
    `the end of ${count} requests`,
    () => reader.requests().length - before >= count && reader.live().length === 0,
  )
  assert.deepEqual(reader.problems, [])
  const requests = reader.requests().slice(before)
  assert.equal(requests.length, count)
  return requests.map(({ name, ends }) => ({ name, ...ends[0]! }))
}

suite('a request is one activity', () => {
  test('with its method, its status, and its outcome', async () => {
    const port = await listen((_, response) => response.writeHead(404).end('no'))
    const seen = await story(1, async () => {
      assert.equal((await fetch(`http://127.0.0.1:${port}/x`, { method: 'POST', body: 'x' })).status, 404)
    })
    assert.deepEqual(seen, [{ name: 'POST', outcome: 'ok', status: 404 }])
  })

  test('when it is a HEAD, when it expects 100-continue, and when the program handles that itself', async () => {
    const server = createServer()
    const port = await listen((_, response) => void response.end('body'), server)
    const ask = async (method: string, headers: Record<string, string>): Promise<void> => {
      const client = request({ port, method, headers, agent: false })
      client.on('continue', () => client.end('x'))
      if (method === 'HEAD') client.end()
      const [response] = (await once(client, 'response')) as [IncomingMessage]
      response.resume()
      await once(response, 'end')
      client.destroy()
    }
    const seen = await story(3, async () => {
      await ask('HEAD', {})
      await ask('PUT', { expect: '100-continue', 'content-length': '1' })
      server.on('checkContinue', (_: IncomingMessage, response: ServerResponse) => {
        response.writeContinue()
        response.writeHead(201).end()
      })
      await ask('PUT', { expect: '100-continue', 'content-length': '1' })
    })
    assert.deepEqual(
      seen.map(({ name, outcome, status }) => `${name} ${outcome} ${status}`),
      ['HEAD ok 200', 'PUT ok 200', 'PUT ok 201'],
    )
  })

  test('when the answer is complete before its body was read', async () => {
    const port = await listen((_, response) => void response.end('early'))
    const seen = await story(1, async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x'.repeat(200_000) })
      assert.equal(await response.text(), 'early')
    })
    assert.equal(seen[0]!.outcome, 'ok')
  })

  test('when Node itself refuses it', async () => {
    const port = await listen(() => assert.fail('not for the program'))
    const seen = await story(1, async () => {
      const socket = await open(port)
      socket.write('GET / HTTP/1.1\r\n\r\n')
      await once(socket, 'close')
      assert.match(socket.text, /^HTTP\/1.1 400/)
    })
    assert.equal(seen[0]!.status, 400)
  })

  test('over TLS', async () => {
    // By a shared key: no certificate to keep and renew.
    const psk = Buffer.from('0123456789abcdef')
    const shared = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const
    const server = createSecureServer({ ...shared, pskCallback: () => psk } as SecureOptions)
    const port = await listen((_, response) => void response.end('secret'), server as unknown as Server)
    const seen = await story(1, async () => {
      const pskCallback = (): { psk: Buffer; identity: string } => ({ psk, identity: 'test' })
      const options: object = { ...shared, port, pskCallback, checkServerIdentity: () => undefined, agent: false }
      const client = getSecure(options)
      const [response] = (await once(client, 'response')) as [IncomingMessage]
      response.resume()
      await once(response, 'end')
    })
    assert.deepEqual(seen, [{ name: 'GET', outcome: 'ok', status: 200 }])
  })
})

suite('a client that goes away', () => {
  test('before the handler has answered ends its activity as aborted', async () => {
    const port = await listen(() => {})
    const seen = await story(1, async () => {
      const socket = await open(port)
      socket.write(head('/'))
      await until('the request', () => reader.live().length === 1)
      socket.destroy()
    })
    assert.equal(seen[0]!.outcome, 'aborted')
  })

  test('in the middle of the answer, too', async () => {
    const port = await listen((_, response) => void response.write('first part'))
    const seen = await story(1, async () => {
      const socket = await open(port)
      socket.write(head('/'))
      await until('the first part', () => socket.text.includes('first part'))
      socket.destroy()
    })
    assert.equal(seen[0]!.outcome, 'aborted')
  })

  test('after the answer leaves it as it was', async () => {
    const port = await listen((_, response) => void response.end('all'))
    const seen = await story(1, async () => {
      const socket = await open(port)
      socket.write(head('/'))
      await until('the answer', () => socket.text.includes('all'))
      socket.destroy()
      await sleep(5)
    })
    assert.equal(seen[0]!.outcome, 'ok')
  })

  test('with pipelined requests waiting behind each other ends all of them', async () => {
    const port = await listen(() => {})
    const seen = await story(4, async () => {
      const socket = await open(port)
      socket.write(head('/1') + head('/2') + head('/3') + head('/4'))
      await until('four requests', () => reader.live().length === 4)
      socket.destroy()
    })
    assert.deepEqual(new Set(seen.map(({ outcome }) => outcome)), new Set(['aborted']))
  })
})

suite('the current activity', () => {
  const ids = new Map<string, (number | undefined)[]>()
  const note = (path: string): void => {
    const list = ids.get(path) ?? []
    list.push(activities.current()?.id)
    ids.set(path, list)
  }

  const slow: Handler = (request, response) => {
    const path = request.url!
    note(path)
    void (async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(Math.random() * 4)
        note(path)
      }
      request.resume().on('end', () => {
        note(path)
        process.nextTick(note, path)
        setImmediate(() => response.end(path))
      })
    })()
  }

  test('is the one of the request, on one keep-alive socket and among pipelined requests', async () => {
    ids.clear()
    const port = await listen(slow)
    await story(12, async () => {
      const socket = await open(port)
      socket.write(head('/a') + head('/b') + head('/c'))
      await until('the answers', () => socket.text.includes('\r\n\r\n/c'))
      for (const path of ['/d', '/e', '/f']) {
        socket.write(head(path))
        await until('the answer', () => socket.text.includes(`\r\n\r\n${path}`))
      }
      socket.destroy()
      const others = await Promise.all(
        ['/g', '/h', '/i', '/j', '/k', '/l'].map((path) => fetch(`http://127.0.0.1:${port}${path}`)),
      )
      await Promise.all(others.map((response) => response.text()))
    })
    assert.equal(ids.size, 12)
    const first = new Set([...ids.values()].map((list) => list[0]))
    assert.equal(first.size, 12)
    assert.ok(!first.has(undefined))
    for (const [path, list] of ids) {
      assert.equal(list.length, 6, path)
      assert.equal(new Set(list).size, 1, `${path}: ${list.join()}`)
    }
  })

  test('is none in an upgraded connection, also after a request on the same socket', async () => {
    const server = createServer()
    const port = await listen((_, response) => void response.end('plain'), server)
    const seen: (Activity | undefined)[] = []
    server.on('upgrade', (_: IncomingMessage, socket: Socket) => {
      seen.push(activities.current())
      socket.on('data', () => seen.push(activities.current()))
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: upgrade\r\n\r\n')
    })
    const upgrade = head('/socket', 'Connection: Upgrade', 'Upgrade: test')
    const seenRequests = await story(1, async () => {
      for (const before of ['', head('/plain')]) {
        const socket = await open(port)
        socket.write(before)
        if (before !== '') await until('the answer', () => socket.text.includes('plain'))
        socket.write(upgrade)
        await until('the upgrade', () => socket.text.includes('101'))
        const count = seen.length
        socket.write('message')
        await until('the message', () => seen.length === count + 1)
        socket.destroy()
      }
    })
    assert.equal(seenRequests.length, 1)
    assert.deepEqual(seen, [undefined, undefined, undefined, undefined])
  })
})

test('thousands of requests, kept alive, pipelined and aborted, leave no live activity behind', async () => {
  const port = await listen((request, response) => {
    if (request.url === '/never') return
    response.end('ok')
  })
  const begun = reader.requests().length
  const storm = async (worker: number): Promise<void> => {
    for (let round = 0; round < 25; round++) {
      const socket = await open(port)
      const count = 10
      socket.write(head('/').repeat(count))
      await until('the answers', () => socket.text.split('HTTP/1.1 200').length > count)
      socket.text = ''
      if ((round + worker) % 2 === 0) socket.write(head('/never').repeat(4))
      if ((round + worker) % 3 === 0) await sleep(1)
      socket.destroy()
      reader.read()
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, worker) => storm(worker)))
  await until('the end of all', () => reader.live().length === 0)
  assert.deepEqual(reader.problems, [])
  const requests = reader.requests().slice(begun)
  assert.ok(requests.filter(({ ends }) => ends[0]!.outcome === 'ok').length >= 2000)
  assert.ok(requests.some(({ ends }) => ends[0]!.outcome === 'aborted'))
})
