import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { Collector } from '../model/collector.ts'
import type { FrameMessage } from '../protocol/index.ts'
import { ask, testServer, type TestServer } from '../testing/server.ts'
import { snapshotOf } from '../testing/snapshot.ts'
import type { ServerOptions } from './server.ts'

const JOIN: FrameMessage = { type: 'join', version: 1, agent: '1.2.3' }

async function collecting(context: TestContext, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  return testServer(context, { collector: new Collector(), ...options })
}

async function sender(context: TestContext, port: number, headers = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/frames`, { headers })
  context.after(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

function send(socket: WebSocket, ...messages: unknown[]): void {
  for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message))
}

/** The reason with which the server closed the connection. */
async function refusal(socket: WebSocket): Promise<string> {
  const [code, reason] = await once(socket, 'close')
  return `${code} ${String(reason)}`
}

async function instances(url: string | null, expected: string[]): Promise<void> {
  let found: string[] = []
  for (let i = 0; i < 100; i++) {
    const { items } = (await ask(url, '/api/v1/instances')).json as { items: { id: string; status: string }[] }
    found = items.map(({ id, status }) => `${id} ${status}`)
    if (found.join() === expected.join()) return
    await sleep(20)
  }
  assert.deepEqual(found, expected)
}

test('an agent joins, pushes its instances, and they are in the API and in the metrics', async (context) => {
  const { url, port } = await collecting(context)
  const socket = await sender(context, port)
  send(
    socket,
    JOIN,
    { type: 'frame', snapshot: snapshotOf('child-1') },
    { type: 'frame', snapshot: snapshotOf('child-2') },
  )
  await instances(url, ['child-1 blocked', 'child-2 blocked'])
  assert.match(
    (await ask(url, '/metrics')).text,
    /nodejs_eventloop_utilization_ratio\{loopscope_instance="child-2"\} 0\.71/,
  )
})

test('when the connection closes its instances have exited', async (context) => {
  const { url, port } = await collecting(context)
  const [one, two] = [await sender(context, port), await sender(context, port)]
  send(one, JOIN, { type: 'frame', snapshot: snapshotOf('child-1') })
  send(two, JOIN, { type: 'frame', snapshot: snapshotOf('child-2') })
  await instances(url, ['child-1 blocked', 'child-2 blocked'])
  one.terminate()
  await instances(url, ['child-1 exited', 'child-2 blocked'])
})

test('after a reconnect the old connection has no say', async (context) => {
  const { url, port } = await collecting(context)
  const old = await sender(context, port)
  send(old, JOIN, { type: 'frame', snapshot: snapshotOf('child') })
  await instances(url, ['child blocked'])
  const fresh = await sender(context, port)
  const again = snapshotOf('child')
  again.instances[0]!.status = 'live'
  send(fresh, JOIN, { type: 'frame', snapshot: again })
  await instances(url, ['child live'])
  old.close()
  await once(old, 'close')
  await sleep(50)
  await instances(url, ['child live'])
})

test('what is no frame ends the connection with the reason, and one line in the log', async (context) => {
  const { url, port, log } = await collecting(context)
  const wrong: [unknown[], RegExp][] = [
    [['nonsense'], /1008 a message must be JSON/],
    [['[]'], /1008 a message must be an object/],
    [[{ type: 'frame', snapshot: snapshotOf() }], /1008 the first message must be a join/],
    [[{ type: 'join', version: 2, agent: 'x' }], /1008 frames of version 2, this collector reads 1/],
    [[JOIN, { type: 'frame', snapshot: { id: 'x' } }], /1008 snapshot\.now must be a finite number/],
    [[JOIN, { type: 'other' }], /1008 unknown message type "other"/],
  ]
  for (const [messages, reason] of wrong) {
    log.length = 0
    const socket = await sender(context, port)
    const refused = refusal(socket)
    send(socket, ...messages, ...messages)
    assert.match(await refused, reason)
    assert.equal(log.length, 1)
  }
  await instances(url, [])
})

test('with a token an agent shows it in a header, in the address or in its join', async (context) => {
  const { port, collector } = await collecting(context, { token: 'secret' })
  const frame = (id: string) => ({ type: 'frame', snapshot: snapshotOf(id) })
  const byHeader = await sender(context, port, { authorization: 'Bearer secret' })
  send(byHeader, JOIN, frame('by-header'))
  const byJoin = await sender(context, port)
  send(byJoin, { ...JOIN, token: 'secret' }, frame('by-join'))
  for (const join of [JOIN, { ...JOIN, token: 'wrong' }, { ...JOIN, token: 5 }]) {
    const socket = await sender(context, port)
    const refused = refusal(socket)
    send(socket, join, frame('intruder'))
    assert.equal(await refused, '1008 the token is missing or wrong')
  }
  const known = collector.snapshots(snapshotOf().now).map(({ id }) => id)
  assert.deepEqual(known.sort(), ['by-header', 'by-join'])
})

test('a connection that does not join is closed', async (context) => {
  const { port } = await collecting(context, { limits: { joinWithinMs: 50 } })
  assert.equal(await refusal(await sender(context, port)), '1008 no join message')
})

test('a frame that is too large ends the connection', async (context) => {
  const { port } = await collecting(context, { limits: { maxFrameBytes: 10_000 } })
  const socket = await sender(context, port)
  send(socket, JOIN, 'x'.repeat(10_001))
  assert.match(await refusal(socket), /^1009/)
})
