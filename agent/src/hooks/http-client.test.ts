import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { observe, until } from '../testing/observe.ts'
import { Outbound, startTarget, type Target } from '../testing/outbound.ts'
import { httpClient } from './http-client.ts'

const observed = observe([httpClient])
const { activities } = observed
const outbound = new Outbound(observed)
let target: Target

before(async () => {
  target = await startTarget()
})

after(async () => {
  await target.close()
  observed.stop()
})

async function read(request: ClientRequest): Promise<string> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string
  return text
}

const get = (path: string, options: https.RequestOptions = {}): ClientRequest => http.get(target.url + path, options)

suite('a call by http.get', () => {
  test('waits for its host as long as the server takes, and leaves nothing behind', async () => {
    const story = await outbound.request(async () => {
      const activity = activities.current()
      assert.equal(await read(get('/delay/60')), 'late')
      assert.equal(activities.current(), activity)
    })
    const { waits, leases, took, outlived, sites } = await outbound.over(story)
    assert.deepEqual(waits, [{ name: `http ${target.host}`, isOver: true }])
    assert.deepEqual(leases, ['take release'])
    assert.ok(took.http[0]! >= 58, `waited ${took.http[0]} ms for an answer that took 60`)
    assert.deepEqual(outlived, [])
    assert.ok(sites.every((site) => site.includes('http-client.test.ts')))
  })

  test('is seen with its end in a response that comes piece by piece', async () => {
    const story = await outbound.request(() => read(get('/slow-body/60')))
    assert.ok((await outbound.over(story)).took.http[0]! >= 58)
  })

  test('that outlives its request is background work until its end', async () => {
    const story = await outbound.request(() => void get('/delay/30'))
    const { outlived, leases } = await outbound.over(story)
    assert.equal(outlived.length, 1)
    assert.deepEqual(leases, ['take release'])
    await until('the end of the background work', () => story().settled.length === 1)
    assert.deepEqual(story().settled, ['ok'])
  })

  test('that nobody made on behalf of an activity counts for the host alone', async () => {
    const before = observed.reader.leases.size
    assert.equal(await read(get('/ok')), 'ok')
    observed.reader.read()
    const [lease, ...others] = [...observed.reader.leases.values()].slice(before)
    assert.deepEqual([lease!.activity, others], [0, []])
  })

  test('uses a kept connection again, without connecting, in the context of its own request', async () => {
    const other = await startTarget()
    const agent = new http.Agent({ keepAlive: true })
    const first = await outbound.request(() => read(http.get(`${other.url}/ok`, { agent })))
    const second = await outbound.request(async () => {
      const activity = activities.current()
      const request = http.get(`${other.url}/delay/20`, { agent })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      assert.equal(request.reusedSocket, true)
      response.resume()
      await once(response, 'end')
      assert.equal(activities.current(), activity)
    })
    await outbound.over(first)
    const { leases, waits } = await outbound.over(second)
    assert.deepEqual([leases, waits.length], [['take release'], 1])
    await until('the idle connection', () => outbound.pool(other.host)!.idle === 1)
    agent.destroy()
    await until('the end of the connection', () => outbound.pool(other.host)!.idle === 0)
    await other.close()
  })

  test('over TLS has its connection when the handshake is done', async () => {
    const secure = await startTarget(true)
    const options = { ca: secure.cert, agent: new https.Agent({ keepAlive: true }) }
    const steps = (): string[] => {
      observed.reader.read()
      return [...observed.reader.leases.values()].at(-1)!.steps
    }
    let before: string[] | undefined
    const story = await outbound.request(async () => {
      const first = https.get(`${secure.url}/delay/40`, options)
      first.once('socket', (socket) => socket.once('connect', () => (before = [...steps()])))
      assert.equal(await read(first), 'late')
      const second = https.get(`${secure.url}/ok`, options)
      assert.equal(await read(second), 'ok')
      assert.equal(second.reusedSocket, true)
    })
    const { leases, took } = await outbound.over(story)
    assert.deepEqual(before, [])
    assert.deepEqual(leases, ['take release', 'take release'])
    assert.ok(took.http[0]! >= 38)

    const refused = await outbound.request(() => once(https.get(`${secure.url}/ok`), 'error'))
    assert.deepEqual((await outbound.over(refused)).leases, ['fail'])
    options.agent.destroy()
    await secure.close()
  })
})

suite('a call that fails', () => {
  const error = async (request: ClientRequest): Promise<Error> => ((await once(request, 'error')) as [Error])[0]

  for (const [name, path, how, make] of [
    ['is aborted by an AbortController', '/never', 'take release', abort],
    ['is given up after a time', '/never', 'take release', giveUp],
    ['is cut off before the answer', '/hang-up', 'take release', undefined],
    ['finds nobody listening', '', 'fail', refuse],
  ] as const) {
    test(`because it ${name} leaves neither a wait nor an activity behind`, async () => {
      let seen: Error | undefined
      const story = await outbound.request(async () => {
        seen = await error(make ? make(path) : get(path))
      })
      assert.ok(seen instanceof Error)
      const { leases, outlived } = await outbound.over(story)
      assert.deepEqual(leases, [how])
      assert.deepEqual(outlived, [])
    })
  }

  test('in the middle of its answer is over', async () => {
    const story = await outbound.request(() => assert.rejects(read(get('/half')), { code: 'ECONNRESET' }))
    assert.deepEqual((await outbound.over(story)).leases, ['take release'])
  })

  test('gets the very error that the program made', async () => {
    const mine = new Error('enough')
    const story = await outbound.request(async () => {
      const request = get('/never')
      setImmediate(() => request.destroy(mine))
      assert.equal(await error(request), mine)
    })
    await outbound.over(story)
  })

  test('without a listener for errors still ends in an uncaught exception', async () => {
    const mine = new Error('nobody listens')
    const uncaught: unknown[] = []
    const listener = (thrown: unknown): void => void uncaught.push(thrown)
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', listener)
    const story = await outbound.request(() => void get('/never').destroy(mine))
    await until('the exception', () => uncaught.length > 0)
    process.off('uncaughtException', listener)
    for (const other of others) process.on('uncaughtException', other)
    assert.deepEqual(uncaught, [mine])
    await outbound.over(story)
  })

  function abort(path: string): ClientRequest {
    const controller = new AbortController()
    target.server.once('request', () => controller.abort())
    return get(path, { signal: controller.signal })
  }

  function giveUp(path: string): ClientRequest {
    const request = get(path)
    target.server.once('request', () => request.setTimeout(20))
    request.on('timeout', () => request.destroy(new Error('too slow')))
    return request
  }

  function refuse(): ClientRequest {
    return http.get('http://localhost:1/')
  }
})

suite('an answer', () => {
  test('that nobody asked for is thrown away by Node as ever', async () => {
    const story = await outbound.request(() => void get('/big'))
    assert.deepEqual((await outbound.over(story)).leases, ['take release'])
  })

  test('that nobody reads holds its connection, but neither its activity nor a wait of it', async () => {
    let response: IncomingMessage | undefined
    const story = await outbound.request(async () => {
      ;[response] = (await once(get('/big'), 'response')) as [IncomingMessage]
    })
    await until('the connection in use', () => outbound.pool(target.host)!.used === 1)
    assert.deepEqual(story().leases, ['take'])
    assert.equal(story().outlived.length, 1)
    await until('the end of the background work', () => story().settled.length === 1)
    assert.ok(story().waits.every(({ isOver }) => isOver))
    assert.deepEqual(story().leases, ['take'])
    response!.resume()
    assert.deepEqual((await outbound.over(story)).leases, ['take release'])
    await until('the free connection', () => outbound.pool(target.host)!.used === 0)
  })

  test('to an upgrade ends the call: what follows is no answer', async () => {
    const story = await outbound.request(async () => {
      const request = get('/ws', { headers: { connection: 'upgrade', upgrade: 'test' } })
      const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket]
      socket.destroy()
    })
    assert.deepEqual((await outbound.over(story)).leases, ['take release'])
  })
})

suite('an agent of two connections', () => {
  test('has a limit, and those who wait for one of them wait for the pool', async () => {
    const other = await startTarget()
    const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
    const stories = await Promise.all(
      Array.from({ length: 6 }, () =>
        outbound.request(async () => {
          const activity = activities.current()
          assert.equal(await read(http.get(`${other.url}/delay/30`, { agent })), 'late')
          assert.equal(activities.current(), activity)
        }),
      ),
    )
    const took = await Promise.all(stories.map(async (story) => (await outbound.over(story)).took))
    // Three rounds of two: the last two have waited for two answers.
    assert.ok(took.every(({ http: [answer] }) => answer! >= 28))
    assert.ok(took.filter(({ pool: [wait] }) => wait! >= 56).length >= 2)
    assert.ok(took.filter(({ pool: [wait] }) => wait! >= 28).length >= 4)
    assert.equal(outbound.pool(other.host)!.limit, 2)
    await until('two idle connections', () => {
      const { used, idle, pending } = outbound.pool(other.host)!
      return used === 0 && idle === 2 && pending === 0
    })
    agent.destroy()
    await other.close()
  })
})
