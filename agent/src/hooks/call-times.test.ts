/** Calls to other servers: how long connecting took, and the answer, compared with what the server and the client know. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { connect, createServer, type Server } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe, until } from '../testing/observe.ts'
import { startTarget, type Target } from '../testing/outbound.ts'
import type { ReadEvent } from '../testing/read-channel.ts'
import { httpClient } from './http-client.ts'
import { undici as undiciHook } from './undici.ts'

const observed = observe([httpClient, undiciHook])
const undici = await Promise.all(['undici6', 'undici', 'undici8'].map(async (name) => import(name)))
let target: Target
let secure: Target

before(async () => {
  target = await startTarget()
  secure = await startTarget(true)
})

after(async () => {
  await Promise.all([target.close(), secure.close()])
  observed.stop()
})

interface Times {
  connects: number[]
  /** 0: no answer. */
  answers: number[]
}

/** What `work` made, once all its calls are over. */
async function timesOf(calls: number, work: () => Promise<unknown>): Promise<Times> {
  const events: ReadEvent[] = []
  observed.reader.read()
  await work()
  const ends = (): ReadEvent[] => events.filter(({ kind }) => kind === 'poolRelease' || kind === 'poolFail')
  await until(`the end of ${calls} calls`, () => {
    events.push(...observed.reader.read())
    return ends().length >= calls
  })
  assert.deepEqual(observed.reader.problems, [])
  return {
    connects: events.filter(({ kind }) => kind === 'poolConnect').map(({ a }) => a),
    answers: ends().map(({ kind, a }) => (kind === 'poolRelease' ? a : 0)),
  }
}

const read = async (request: http.ClientRequest): Promise<void> => {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
}

const CLIENTS: Record<string, (url: string) => Promise<unknown>> = {
  'http.get': (url) => read(http.get(url)),
  fetch: async (url) => (await fetch(url)).text(),
  ...Object.fromEntries(
    undici.map(({ request }, i) => [
      `undici ${i + 6}`,
      async (url: string) => (await request(url)).body.text() as unknown,
    ]),
  ),
}

for (const [name, call] of Object.entries(CLIENTS)) {
  suite(name, () => {
    test('an answer is there with its head, not with its body; a kept connection is no new one', async () => {
      const other = await startTarget()
      const began = performance.now()
      const first = await timesOf(1, () => call(`${other.url}/delay/50`))
      const took = performance.now() - began
      assert.deepEqual([first.connects.length, first.answers.length], [1, 1])
      assert.ok(first.connects[0]! > 0 && first.connects[0]! + first.answers[0]! <= took, JSON.stringify([first, took]))
      assert.ok(first.answers[0]! >= 48)
      await sleep(20) // undici takes a connection back a little later
      const again = performance.now()
      const { connects, answers } = await timesOf(1, () => call(`${other.url}/slow-body/80`))
      const all = performance.now() - again
      await other.close()
      assert.deepEqual(connects, [])
      assert.ok(answers[0]! > 0 && answers[0]! <= all - 60, `the head after ${answers[0]} of ${all} ms`)
    })

    test('who hangs up without an answer, or refuses the connection, has given none', async () => {
      const hungUp = await timesOf(1, () => assert.rejects(call(`${target.url}/hang-up`)))
      assert.deepEqual(hungUp.answers, [0])
      const gone = await startTarget()
      await gone.close()
      const refused = await timesOf(1, () => assert.rejects(call(`${gone.url}/ok`)))
      assert.deepEqual(refused, { connects: [], answers: [0] })
    })
  })
}

/** Hands on what comes, each connection after `ms`: the handshake takes as long. */
async function slowly(port: number, ms: number): Promise<Server> {
  const server = createServer((socket) => {
    setTimeout(() => {
      const onward = connect(port, 'localhost')
      socket.pipe(onward).pipe(socket)
      for (const each of [socket, onward]) each.on('error', () => each.destroy())
    }, ms)
  })
  await once(server.listen(0, 'localhost'), 'listening')
  return server
}

test('connecting includes the handshake of TLS; of connections at once each has its own', async () => {
  const slow = await slowly(Number(new URL(secure.url).port), 60)
  const url = `https://localhost:${(slow.address() as { port: number }).port}/ok`
  const agent = new https.Agent({ ca: secure.cert })
  const byHttp = await timesOf(2, () => Promise.all([1, 2].map(() => read(https.get(url, { agent })))))
  for (const { Agent, request } of undici) {
    const dispatcher = new Agent({ connect: { ca: secure.cert } })
    const { connects, answers } = await timesOf(2, () =>
      Promise.all([1, 2].map(async () => (await request(url, { dispatcher })).body.text())),
    )
    assert.deepEqual([connects.length, answers.length], [2, 2])
    assert.ok(
      connects.every((ms) => ms >= 58),
      `connecting took ${connects.join(' and ')}`,
    )
    await dispatcher.destroy()
  }
  assert.equal(byHttp.connects.length, 2)
  assert.ok(
    byHttp.connects.every((ms) => ms >= 58),
    `connecting took ${byHttp.connects.join(' and ')}`,
  )
  agent.destroy()
  slow.close()
})
