/** All hooks at once on a well-written server under load: nothing may look like work that outlives its request. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Activity } from '../program/activity.ts'
import { observe, until } from '../testing/observe.ts'
import { serve, type Served } from '../testing/serve.ts'
import { BUILTIN_HOOKS, PACKAGE_HOOKS } from './index.ts'

interface Pool {
  query(text: string, values?: unknown[]): Promise<{ rows: { n: number }[] }>
  connect(): Promise<{ query(text: string): Promise<unknown>; release(): void }>
  on(event: 'error', listener: () => void): void
  end(): Promise<void>
}

interface Socket extends NodeJS.EventEmitter {
  send(text: string): void
  close(): void
}

type Handler = (request: IncomingMessage, response: { json(body: unknown): void }) => unknown
type Express = () => RequestListener & { get(path: string, handler: Handler): void }

const { reader, activities, stop } = observe(BUILTIN_HOOKS, PACKAGE_HOOKS)
const require = createRequire(import.meta.url)
const express = require('express5') as Express
const { Pool } = require('pg') as { Pool: new (options: object) => Pool }
const { WebSocket, WebSocketServer } = require('ws') as {
  WebSocket: new (url: string) => Socket
  WebSocketServer: new (options: object) => NodeJS.EventEmitter
}

let postgres: { url: string; stop(): Promise<void> }
let pool: Pool
let server: Served
const inSocket: (Activity | undefined)[] = []

before(async () => {
  const example = new URL('../../../examples/shop/postgres.js', import.meta.url).href
  postgres = await ((await import(example)) as { startPostgres(): Promise<typeof postgres> }).startPostgres()
  pool = new Pool({ connectionString: postgres.url, max: 4, idleTimeoutMillis: 50, connectionTimeoutMillis: 5000 })
  pool.on('error', () => {})
  const app = express()
  app.get('/simple/:id', (_, response) => response.json({}))
  app.get('/query/:id', async (_, response) => response.json((await pool.query('select 1 as n')).rows))
  app.get('/transaction/:id', async (_, response) => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await sleep(1)
      await client.query('commit')
    } finally {
      client.release()
    }
    response.json({})
  })
  app.get('/guarded/:id', async (_, response) => {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), 5000)
    try {
      await fetch(`http://127.0.0.1:${server.port}/simple/1`, { signal: abort.signal }).then((answer) => answer.text())
    } finally {
      clearTimeout(timer)
    }
    response.json({})
  })
  const listener = createServer(app)
  new WebSocketServer({ server: listener }).on('connection', (socket: Socket) => {
    socket.on('message', (text) => {
      inSocket.push(activities.current())
      setTimeout(() => socket.send(String(text)), 1)
    })
  })
  server = await serve(listener)
})

after(async () => {
  server.close()
  await pool.end()
  await postgres.stop()
  stop()
})

test('a clean, busy server has no background work, and each request its route', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const paths = ['simple', 'query', 'transaction', 'guarded']
  const ask = async (i: number): Promise<void> => {
    const path = `/${paths[i % paths.length]}/${i}`
    const [response] = (await once(get({ port: server.port, path, agent }), 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    assert.equal(response.statusCode, 200)
  }
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`)
  await once(socket, 'open')
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 40 }, (_, i) => ask(i)))
    const echo = once(socket, 'message')
    socket.send('x')
    await echo
  }
  agent.destroy()
  socket.close()
  await until('the end of all requests', () => reader.live().length === 0)
  await sleep(100) // idle connections of the pool time out meanwhile
  const requests = reader.requests()
  assert.equal(requests.length, 500)
  assert.deepEqual(reader.problems, [])
  assert.deepEqual(
    requests.filter(({ outlived }) => outlived.length > 0),
    [],
  )
  assert.deepEqual(
    requests.filter(({ waits }) => waits.some(({ isOver }) => !isOver)),
    [],
  )
  const routes = new Set(requests.map(({ routes }) => routes.join()))
  assert.deepEqual(routes, new Set(paths.map((path) => `/${path}/:id`)))
  assert.ok([...reader.leases.values()].every(({ steps }) => steps.join() === 'take,release'))
  assert.equal(new Set(inSocket).size, 10, 'each message is an activity')
  for (const activity of inSocket) assert.equal(activity?.kind, 'ws')
})
