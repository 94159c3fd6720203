import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { ask, testServer } from '../testing/server.ts'
import { ServerError } from './errors.ts'

function directoryOf(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function taken(context: TestContext, port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  context.after(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('a taken port is the next free one, said in one line', async (context) => {
  const port = await taken(context, 0)
  const server = await testServer(context, { listen: `127.0.0.1:${port}` })
  assert.ok(server.port > port && server.port < port + 20, `${server.port} after ${port}`)
  assert.deepEqual(server.log, [`warn port-taken: port ${port} is taken, listening on 127.0.0.1:${server.port}`])
  assert.equal((await ask(server.url, '/healthz')).status, 200)
})

test('after the last port there is none, and the error says what to do', async (context) => {
  const server = createServer().listen(65535, '127.0.0.1')
  context.after(() => void server.close())
  await once(server, 'listening')
  await assert.rejects(testServer(context, { listen: '127.0.0.1:65535' }), {
    name: 'ServerError',
    code: 'ports-taken',
    message: /65535.*: set LOOPSCOPE_LISTEN to another host:port/,
  })
})

test('an address that is not of this machine is an error with a remedy', async (context) => {
  const options = { listen: '192.0.2.1:9464', token: 'secret' }
  await assert.rejects(testServer(context, options), /192\.0\.2\.1:9464 .*: name an address of this machine/)
})

test('it does not listen beyond loopback without a token', async (context) => {
  for (const listen of ['0.0.0.0:0', '[::]:0', '10.0.0.1:0', 'example.org:0']) {
    for (const token of [undefined, '']) {
      await assert.rejects(testServer(context, { listen, token }), {
        code: 'token-required',
        message: /set LOOPSCOPE_TOKEN/,
      })
    }
  }
  const { url } = await testServer(context, { listen: '0.0.0.0:0', token: 'secret' })
  assert.match(url!, /^http:\/\/127\.0\.0\.1:\d+$/)
})

test('off serves nothing, not even the local socket', async (context) => {
  const socketPath = join(directoryOf(context), 'x.sock')
  const server = await testServer(context, { listen: 'off', socketPath })
  assert.deepEqual([server.url, server.socketPath, existsSync(socketPath)], [null, null, false])
})

test('the local socket is for this user alone, and goes away with the server', async (context) => {
  const socketPath = join(directoryOf(context), 'new', '1.sock')
  const server = await testServer(context, { listen: 'unix', socketPath })
  assert.equal(server.url, null)
  assert.equal(statSync(socketPath).mode & 0o777, 0o600)
  assert.equal(statSync(join(socketPath, '..')).mode & 0o777, 0o700)
  assert.equal((await ask(null, '/healthz', { socketPath })).status, 200)
  await server.close()
  assert.equal(existsSync(socketPath), false)
})

test('on the local socket neither Host nor token is asked, but Origin is', async (context) => {
  const socketPath = join(directoryOf(context), '1.sock')
  const { url } = await testServer(context, { token: 'secret', socketPath })
  const status = async (headers: Record<string, string>) =>
    (await ask(null, '/metrics', { socketPath, headers })).status
  assert.equal(await status({ host: 'anything' }), 200)
  assert.equal(await status({ origin: 'http://evil.example' }), 403)
  assert.equal((await ask(url, '/metrics')).status, 401, 'over TCP the token is asked')
  const socket = new WebSocket(`ws+unix:${socketPath}:/api/v1/stream`)
  context.after(() => socket.terminate())
  const [first] = await once(socket, 'message')
  assert.equal(JSON.parse(String(first)).type, 'hello')
})

test('the socket of a process that was killed is replaced', async (context) => {
  const socketPath = join(directoryOf(context), '1.sock')
  const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  assert.ok(statSync(socketPath).isSocket())
  await testServer(context, { listen: 'unix', socketPath })
  assert.equal((await ask(null, '/healthz', { socketPath })).status, 200)
})

test('a socket that somebody listens on, and a file that is no socket, are left alone', async (context) => {
  const directory = directoryOf(context)
  const socketPath = join(directory, '1.sock')
  await testServer(context, { listen: 'unix', socketPath })
  await assert.rejects(testServer(context, { listen: 'unix', socketPath }), /another process listens on/)
  assert.equal((await ask(null, '/healthz', { socketPath })).status, 200)
  const file = join(directory, 'file')
  writeFileSync(file, 'precious')
  await assert.rejects(testServer(context, { listen: 'unix', socketPath: file }), /is no socket: move it away/)
  await assert.rejects(
    testServer(context, { listen: 'unix', socketPath: join(directory, 'x'.repeat(120)) }),
    /longer than 103 bytes/,
  )
})

test('a directory that others can enter is closed, one behind a link is refused', async (context) => {
  const directory = directoryOf(context)
  const open = join(directory, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  await testServer(context, { listen: 'unix', socketPath: join(open, '1.sock') })
  assert.equal(statSync(open).mode & 0o777, 0o700)
  symlinkSync(open, join(directory, 'link'))
  const behindLink = testServer(context, { listen: 'unix', socketPath: join(directory, 'link', '2.sock') })
  await assert.rejects(behindLink, /is not a directory of this user/)
})

test('beside a port a local socket that cannot be is one line in the log', async (context) => {
  const directory = directoryOf(context)
  writeFileSync(join(directory, 'file'), '')
  const server = await testServer(context, { socketPath: join(directory, 'file', '1.sock') })
  assert.equal(server.socketPath, null)
  assert.match(server.log.join('\n'), /^warn local-socket: cannot use the directory .*$/)
  assert.equal((await ask(server.url, '/healthz')).status, 200)
})

test('unix without a path for the socket is an error', async (context) => {
  await assert.rejects(testServer(context, { listen: 'unix' }), ServerError)
})

test('close ends a connection that is open, and can be called twice', async (context) => {
  const server = await testServer(context)
  const stream = new WebSocket(`ws://127.0.0.1:${server.port}/api/v1/stream`)
  await once(stream, 'open')
  const ended = once(stream, 'close')
  await Promise.all([server.close(), server.close()])
  assert.equal((await ended)[0], 1001)
  await assert.rejects(ask(server.url, '/healthz'), { code: 'ECONNREFUSED' })
})

test('the server does not keep its process alive, not even with readers', { timeout: 10_000 }, async () => {
  const program = `
    import { testServer, ask } from ${JSON.stringify(new URL('../testing/server.ts', import.meta.url).href)}
    import { connect } from 'node:net'
    const { url, port } = await testServer({ after() {} })
    await ask(url, '/metrics')
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n'
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /api/v1/stream HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n' + key + '\\r\\n')
    await new Promise((resolve) => socket.once('data', resolve))
    socket.unref()
    console.log('done')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'close')
  assert.deepEqual([code, output], [0, 'done\n'])
})
