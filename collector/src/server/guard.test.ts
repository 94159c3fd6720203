import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { WebSocket, type ClientOptions } from 'ws'
import { ask, testServer } from '../testing/server.ts'

/** 101, or the status with which the handshake was refused. */
async function handshake(context: TestContext, address: string, options: ClientOptions = {}): Promise<number> {
  const socket = new WebSocket(address, options)
  context.after(() => socket.terminate())
  socket.on('error', () => {})
  return Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number),
  ])
}

test('a Host that is not this machine is 403, against DNS rebinding', async (context) => {
  const { url, port } = await testServer(context)
  const status = async (host: string, path = '/api/v1/blocks') => (await ask(url, path, { headers: { host } })).status
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1:1', '[::1]:9464', 'LocalHost:80']) {
    assert.equal(await status(host), 200, host)
  }
  const foreign = [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    'user@localhost',
  ]
  for (const host of foreign) {
    assert.equal(await status(host), 403, host)
    assert.equal(await status(host, '/healthz'), 403, host)
    assert.equal(await status(host, '/nothing'), 403, host)
  }
})

test('a page of another origin is 403, whichever way it asks', async (context) => {
  const { url, port } = await testServer(context)
  const status = async (headers: Record<string, string>) => (await ask(url, '/api/v1/blocks', { headers })).status
  const own = `127.0.0.1:${port}`
  assert.equal(await status({ origin: `http://${own}` }), 200)
  for (const origin of [
    'http://evil.example',
    'null',
    `http://localhost:${port}`,
    `http://${own}.evil.example`,
    'http://127.0.0.1',
  ]) {
    assert.equal(await status({ origin }), 403, origin)
  }
  assert.equal(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), 403)
  assert.equal(await status({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }), 403)
  assert.equal(await status({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }), 200)
  assert.equal(
    await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }),
    200,
    'a link may be followed',
  )
})

test('the WebSockets are guarded in the same way', async (context) => {
  const { port } = await testServer(context)
  for (const path of ['stream', 'frames']) {
    const address = `ws://127.0.0.1:${port}/api/v1/${path}`
    assert.equal(await handshake(context, address), 101)
    assert.equal(await handshake(context, address, { origin: `http://127.0.0.1:${port}` }), 101)
    assert.equal(await handshake(context, address, { origin: 'http://evil.example' }), 403)
    assert.equal(await handshake(context, address, { headers: { host: 'evil.example' } }), 403)
    assert.equal(await handshake(context, `${address}?since=1`), 400)
  }
  assert.equal(await handshake(context, `ws://127.0.0.1:${port}/api/v1/blocks`), 400)
  assert.equal(await handshake(context, `ws://127.0.0.1:${port}/nothing`), 404)
})

test('with a token every path but /healthz asks for it', async (context) => {
  const { url } = await testServer(context, { token: 'correct horse'.replace(' ', '-') })
  const reply = (path: string, authorization?: string) =>
    ask(url, path, { headers: authorization ? { authorization } : {} })
  assert.equal((await reply('/healthz')).status, 200)
  const missing = await reply('/metrics')
  assert.deepEqual([missing.status, missing.json.error.code], [401, 'token-missing'])
  assert.equal(missing.headers['www-authenticate'], 'Bearer realm="loopscope"')
  assert.equal((await reply('/metrics', 'Bearer correct-hors')).json.error.code, 'token-wrong')
  assert.equal((await reply('/metrics', 'Basic correct-horse')).status, 401)
  assert.equal((await reply('/metrics?token=correct-horse')).status, 401, 'an address ends up in logs')
  assert.equal((await reply('/nothing')).status, 401, 'nor does it say which paths there are')
  assert.equal((await reply('/metrics', 'Bearer correct-horse')).status, 200)
  assert.equal((await reply('/metrics', 'bearer correct-horse')).status, 200)
})

test('a WebSocket may have its token in the address as well', async (context) => {
  const { port } = await testServer(context, { token: 'secret' })
  const address = `ws://127.0.0.1:${port}/api/v1/stream`
  assert.equal(await handshake(context, address), 401)
  assert.equal(await handshake(context, `${address}?token=wrong`), 401)
  assert.equal(await handshake(context, `${address}?token=secret`), 101)
  assert.equal(await handshake(context, address, { headers: { authorization: 'Bearer secret' } }), 101)
})

test('beyond loopback the token decides, not the name by which the machine is known', async (context) => {
  const { url } = await testServer(context, { listen: '0.0.0.0:0', token: 'secret' })
  const headers = { host: 'shop-1.internal:9464', authorization: 'Bearer secret' }
  assert.equal((await ask(url, '/metrics', { headers })).status, 200)
  assert.equal((await ask(url, '/metrics', { headers: { host: headers.host } })).status, 401)
})
