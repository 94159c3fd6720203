import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { createServer as createSocketServer, type AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { WebSocketServer } from 'ws'
import { serve } from '../testing/serve.ts'
import type { SourceEvent } from './live.ts'
import { localSockets, socketDirectory } from './local.ts'
import { openSource, type Source, type SourceOptions } from './open.ts'
import { addressOf } from './target.ts'

const options = (directory: string, more: Partial<SourceOptions> = {}): SourceOptions => ({
  directory,
  timeoutMs: 3000,
  now: Date.now,
  firstRetryMs: 20,
  longestRetryMs: 50,
  ...more,
})

/** A server that is not ours; closed after the test, however that ends. */
async function strange(t: TestContext, server = createServer()): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function strangeStream(http: Server, greeting?: unknown): WebSocketServer {
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket) => {
    if (greeting !== undefined) socket.send(JSON.stringify(greeting))
  })
  return server
}

/** Collects until an event is what is waited for; a test that waits too long fails by its timeout. */
function until(source: Source, wanted: (event: SourceEvent, all: SourceEvent[]) => boolean): Promise<SourceEvent[]> {
  return new Promise((resolve) => {
    const all: SourceEvent[] = []
    source.start((event) => {
      all.push(event)
      if (wanted(event, all)) resolve(all)
    })
  })
}

const types = (events: SourceEvent[]) =>
  events.map((event) => (event.type === 'message' ? event.message.type : event.type))

test('an address is told from a pid and a name by its form', () => {
  assert.equal(addressOf('http://10.0.0.1:9464'), 'http://10.0.0.1:9464')
  assert.equal(addressOf('wss://host/api/v1/stream'), 'https://host')
  assert.equal(addressOf('localhost:9464'), 'http://localhost:9464')
  assert.equal(addressOf('[::1]:9464'), 'http://[::1]:9464')
  assert.equal(addressOf(':9464'), 'http://127.0.0.1:9464')
  assert.equal(addressOf('4711'), null)
  assert.equal(addressOf('shop-api'), null)
  assert.throws(() => addressOf('host:99999'), /there is no port 99999/)
  assert.throws(() => addressOf('http://['), /not a valid address/)
})

test(
  'the stream comes as hello, a snapshot and deltas, over TCP and over the local socket',
  { timeout: 10_000 },
  async () => {
    const served = await serve({ pid: 4242 })
    served.change((snapshot) => void (snapshot.loop[0]!.turnsPerSecond = Date.now()))
    const directory = socketDirectory(served.environment)
    for (const target of [served.url, '4242', 'shop-api', undefined]) {
      const source = await openSource(target, options(directory))
      const events = await until(source, (event) => event.type === 'message' && event.message.type === 'delta')
      assert.deepEqual(types(events).slice(0, 3), ['connected', 'hello', 'snapshot'], String(target))
      assert.equal((await source.fetchTable('routes', { limit: '1' })).items.length, 1)
      source.stop()
    }
    await served.close()
  },
)

test('a worker that answers through another process is found by its pid', async () => {
  const served = await serve({ pid: 4000 })
  served.change((snapshot) => void (snapshot.instances[0]!.host = hostname()))
  const source = await openSource('4242', options(socketDirectory(served.environment)))
  assert.equal(source.instance, 'shop-api-4242-0')
  await served.close()
})

test('what is not there is said, with what is', async () => {
  const served = await serve()
  const directory = socketDirectory(served.environment)
  await assert.rejects(openSource('12345678', options(directory)), {
    message: 'process 12345678 does not run with loopscope',
    remedy: 'these do: 4242',
  })
  await assert.rejects(openSource('nope', options(directory)), {
    message: 'no local process is called "nope"',
    remedy: 'there are: shop-api',
  })
  await served.close()
  await assert.rejects(openSource(undefined, options(directory)), (error: Error & { remedy: string }) => {
    assert.match(error.message, /no local process with loopscope is running/)
    assert.match(error.remedy, /node --import @loopscope\/agent/)
    return true
  })
})

test('a socket that a killed process left over is passed by', async () => {
  const served = await serve({ pid: 4242 })
  const directory = socketDirectory(served.environment)
  const listen = `require('net').createServer().listen(${JSON.stringify(join(directory, '77.sock'))}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', listen])
  assert.deepEqual(
    localSockets(directory).map((socket) => socket.pid),
    [77, 4242],
  )
  const source = await openSource(undefined, options(directory, { rescanMs: 20 }))
  const events: SourceEvent[] = []
  source.start((event) => events.push(event))
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.deepEqual(
    events.filter((event) => event.source === 'pid 77').map((event) => event.type),
    ['gone'],
  )
  source.stop()
  await served.close()
})

test('a broken line is connected again, with growing pauses', { timeout: 10_000 }, async () => {
  const first = await serve()
  const { port } = new URL(first.url)
  const source = await openSource(first.url, options('/nowhere'))
  let lost = 0
  const again = new Promise<void>((resolve) => {
    source.start((event) => {
      if (event.type === 'lost') lost = event.attempt
      if (event.type === 'message' && event.message.type === 'snapshot') {
        if (lost > 0) resolve()
        else void first.close()
      }
    })
  })
  while (lost < 3) await new Promise((resolve) => setTimeout(resolve, 5))
  const second = await serve({ listen: `127.0.0.1:${port}` })
  await again
  source.stop()
  await second.close()
})

test('a wrong token ends the source and names the remedy; the right one opens it', { timeout: 10_000 }, async () => {
  const served = await serve({ token: 'secret' })
  const refused = await until(
    await openSource(served.url, options('/nowhere', { token: 'wrong' })),
    (event) => event.type === 'failed',
  )
  const failed = refused.at(-1)!
  assert.ok(failed.type === 'failed')
  assert.match(failed.error.message, /does not accept this token/)
  assert.match(failed.error.remedy, /--token|LOOPSCOPE_TOKEN/)
  const source = await openSource(served.url, options('/nowhere', { token: 'secret' }))
  await until(source, (event) => event.type === 'message' && event.message.type === 'snapshot')
  source.stop()
  await served.close()
})

test('a newer protocol ends the source, and says which side to update', { timeout: 10_000 }, async (t) => {
  const http = createServer()
  strangeStream(http, { type: 'hello', version: 99, agent: '9.0.0', now: 1, intervalMs: 500 })
  const source = await openSource(await strange(t, http), options('/nowhere'))
  const failed = (await until(source, (event) => event.type === 'failed')).at(-1)!
  assert.ok(failed.type === 'failed')
  assert.match(failed.error.message, /the stream speaks version 99, this reader 1: update loopscope/)
})

test('another server is not taken for ours', { timeout: 10_000 }, async (t) => {
  const other = createServer((_, answer) => answer.writeHead(404).end('no'))
  const source = await openSource(await strange(t, other), options('/nowhere'))
  const failed = (await until(source, (event) => event.type === 'failed')).at(-1)!
  assert.match((failed as { error: Error }).error.message, /is not a loopscope server/)
  await assert.rejects(source.fetchTable('routes', {}), /is not a loopscope server/)
})

test('a server that accepts and says nothing is noticed', { timeout: 10_000 }, async (t) => {
  const http = createServer()
  const streams = strangeStream(http)
  t.after(() => streams.clients.forEach((client) => client.terminate()))
  const source = await openSource(await strange(t, http), options('/nowhere', { silenceMs: 100 }))
  const lost = (await until(source, (event) => event.type === 'lost')).at(-1)!
  source.stop()
  assert.match((lost as { reason: string }).reason, /nothing heard/)
})

test('names that hold escape codes arrive clean, in the stream and in the API', { timeout: 10_000 }, async () => {
  const served = await serve()
  served.change((snapshot) => void (snapshot.routes[0]!.route = 'GET /\x1b[2J\u202e'))
  const source = await openSource(served.url, options('/nowhere'))
  const events = await until(source, (event) => event.type === 'message' && event.message.type === 'snapshot')
  assert.doesNotMatch(JSON.stringify(events), /\\u001b|\u202e/)
  const { items } = await source.fetchTable('routes', {})
  assert.doesNotMatch(JSON.stringify(items), /\\u001b|\u202e/)
  source.stop()
  await served.close()
})

test('an instance for which two servers speak is in a table once', { timeout: 10_000 }, async () => {
  const worker = await serve({ pid: 21, id: 'same' })
  const primary = await serve({ pid: 22, id: 'same', runtimeDirectory: worker.runtimeDirectory })
  const source = await openSource(undefined, options(socketDirectory(worker.environment)))
  for (const table of ['instances', 'routes', 'blocks']) {
    const alone = ((await (await fetch(`${worker.url}/api/v1/${table}`)).json()) as { items: unknown[] }).items
    assert.equal((await source.fetchTable(table, {})).items.length, alone.length, table)
    assert.ok(alone.length > 0)
  }
  await worker.close()
  await primary.close()
})

test('of all local processes, new ones join and dead ones leave', { timeout: 15_000 }, async () => {
  const runtimeDirectory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
  const first = await serve({ pid: 11, id: 'first', runtimeDirectory })
  const directory = socketDirectory(first.environment)
  const source = await openSource(undefined, options(directory, { rescanMs: 50 }))
  const seen: string[] = []
  let second: Awaited<ReturnType<typeof serve>> | undefined
  await new Promise<void>((resolve) => {
    source.start((event) => {
      const name = `${event.source} ${event.type === 'message' ? event.message.type : event.type}`
      seen.push(name)
      if (name === 'pid 11 snapshot' && !second)
        void serve({ pid: 22, id: 'second', runtimeDirectory }).then((served) => (second = served))
      if (name === 'pid 22 snapshot') void second!.close()
      if (name === 'pid 22 gone') resolve()
    })
  })
  assert.ok(seen.indexOf('pid 11 snapshot') < seen.indexOf('pid 22 snapshot'))
  source.stop()
  await first.close()
  rmSync(runtimeDirectory, { recursive: true, force: true })
})

test('only what looks like a socket of a process is listed', async () => {
  assert.deepEqual(localSockets('/nowhere/at/all'), [])
  const server = createSocketServer()
  const directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
  await new Promise<void>((resolve) => server.listen(join(directory, 'x.sock'), resolve))
  assert.deepEqual(localSockets(directory), [])
  server.close()
  rmSync(directory, { recursive: true, force: true })
})
