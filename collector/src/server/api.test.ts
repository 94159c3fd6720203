import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { TABLES } from '../protocol/index.ts'
import { parseExposition } from '../testing/parse-exposition.ts'
import { ask, testServer } from '../testing/server.ts'
import { SNAPSHOT_NOW as NOW, snapshotOf } from '../testing/snapshot.ts'

/** Sends bytes as they are; resolves with all that comes back. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.on('data', (chunk: string) => (answer += chunk)).on('end', () => resolve(answer))
    socket.on('error', reject)
    socket.write(text)
  })
}

async function withTwo(context: TestContext) {
  const server = await testServer(context)
  server.collector.add({ id: 'b', snapshot: (now) => snapshotOf('b', now) })
  return server
}

test('every table is a path under /api/v1, with now and items', async (context) => {
  const { url } = await testServer(context)
  const snapshot = JSON.parse(JSON.stringify(snapshotOf('a')))
  for (const name of TABLES) {
    const { status, headers, json } = await ask(url, `/api/v1/${name}`)
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(Object.keys(json), ['now', 'items'])
    assert.equal(json.now, NOW)
    const text = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort()
    assert.deepEqual(text(json.items), text(snapshot[name]))
  }
})

test('the tables are filtered by instance, since and limit', async (context) => {
  const { url } = await withTwo(context)
  const ids = async (path: string) => (await ask(url, path)).json.items.map((row: { id: string }) => row.id)
  assert.deepEqual(await ids('/api/v1/instances?instance=b'), ['b'])
  assert.deepEqual(await ids('/api/v1/instances?instance=nobody'), [])
  assert.deepEqual(await ids(`/api/v1/blocks?since=${NOW - 5000}`), ['a-b18', 'b-b18'])
  assert.deepEqual(await ids(`/api/v1/blocks?limit=3&instance=a`), ['a-b18', 'a-b17'])
  assert.deepEqual(await ids('/api/v1/blocks?limit=1'), ['a-b18'])
})

test('hot is grouped by line, function or route, and the limit counts groups', async (context) => {
  const { url } = await testServer(context)
  const items = async (query: string) => (await ask(url, `/api/v1/hot?${query}`)).json.items
  assert.equal((await items('')).length, 4)
  assert.equal((await items('by=line')).length, 3)
  const [first, ...others] = await items('by=function&limit=1')
  assert.deepEqual([first.function, first.samples, others.length], ['hashPassword', 120, 0])
})

test('a bad parameter is 400, with what is allowed', async (context) => {
  const { url } = await testServer(context)
  const bad: Record<string, string> = {
    'limit=0': 'parameter-invalid',
    'limit=10001': 'parameter-invalid',
    'limit=1e3': 'parameter-invalid',
    'since=yesterday': 'parameter-invalid',
    'since=-1': 'parameter-invalid',
    'since=': 'parameter-invalid',
    'instance=': 'parameter-invalid',
    'limit=1&limit=2': 'parameter-repeated',
    'by=line': 'parameter-unknown',
    'last=5': 'parameter-unknown',
  }
  for (const [query, code] of Object.entries(bad)) {
    const { status, json } = await ask(url, `/api/v1/blocks?${query}`)
    assert.deepEqual([query, status, json.error.code], [query, 400, code])
    assert.ok(json.error.message && json.error.remedy)
  }
  const { json } = await ask(url, '/api/v1/hot?by=mood')
  assert.deepEqual(json.error, {
    code: 'parameter-invalid',
    message: 'the parameter by cannot be "mood"',
    remedy: 'by is line, function, route',
  })
})

test('/metrics answers in both formats, and tells caches that it does', async (context) => {
  const { url } = await testServer(context)
  const plain = await ask(url, '/metrics?a=scrape&config=may&say=anything')
  assert.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(plain.headers.vary, 'accept')
  const name = 'nodejs_eventloop_utilization_ratio'
  assert.equal(parseExposition(plain.text, false).get(name)!.samples[0]!.value, 0.71)
  const open = await ask(url, '/metrics', { headers: { accept: 'application/openmetrics-text' } })
  assert.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  assert.equal(parseExposition(open.text, true).get(name)!.samples[0]!.value, 0.71)
})

test('/healthz says the version, / lists the paths', async (context) => {
  const extra = { '/api/v1/extra': () => ({ contentType: 'text/plain', body: 'more' }) }
  const { url } = await testServer(context, { extra })
  assert.deepEqual((await ask(url, '/healthz')).json, { status: 'ok', version: '1.2.3' })
  const { paths } = (await ask(url, '/')).json as { paths: string[] }
  for (const path of paths.filter((path) => !/stream|frames/.test(path)))
    assert.equal((await ask(url, path)).status, 200, path)
  for (const path of ['/metrics', '/api/v1/blocks', '/api/v1/stream', '/api/v1/extra'])
    assert.ok(paths.includes(path), path)
  assert.equal((await ask(url, '/api/v1/extra')).text, 'more')
})

test('an unknown path is 404, a wrong method 405, a WebSocket path without a WebSocket 426', async (context) => {
  const { url } = await testServer(context)
  for (const path of ['/api/v1/nothing', '/api/v1/blocks/', '//metrics', '/metrics/../x', '/__proto__']) {
    const { status, json } = await ask(url, path)
    assert.deepEqual([path, status, json.error.code], [path, 404, 'path-unknown'])
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers, json } = await ask(url, '/api/v1/blocks', { method })
    assert.deepEqual([status, headers.allow, json.error.code], [405, 'GET, HEAD', 'method-not-allowed'])
  }
  const { status, json } = await ask(url, '/api/v1/stream')
  assert.deepEqual([status, json.error.code], [426, 'websocket-only'])
})

test('HEAD is answered like GET, without the body', async (context) => {
  const { url } = await testServer(context)
  const { status, headers, text } = await ask(url, '/healthz', { method: 'HEAD' })
  assert.deepEqual([status, text, headers['content-length']], [200, '', '33'])
})

test('what is no HTTP is answered with 400 as JSON', async (context) => {
  const { port } = await testServer(context)
  for (const text of ['nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n']) {
    const [head = '', body = ''] = (await raw(port, text)).split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
    assert.match(head, /content-type: application\/json/)
    assert.equal(JSON.parse(body).error.code, 'request-invalid')
  }
  const large = await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
  assert.match(large, /^HTTP\/1\.1 431 .*"headers-too-large"/s)
})

test('an upgrade that nobody offers is answered as a plain request', async (context) => {
  const { url } = await testServer(context)
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
  }
  const { status, json } = await ask(url, '/healthz', { headers })
  assert.deepEqual([status, json.status], [200, 'ok'])
})

test('nothing is cached, guessed at, embedded or shared with other origins', async (context) => {
  const { url } = await testServer(context)
  for (const path of ['/metrics', '/api/v1/blocks', '/nothing']) {
    const { headers } = await ask(url, path)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control')),
      [],
    )
  }
})

test('an answer that fails is 500 with nothing of the failure in it, one line in the log, and the server goes on', async (context) => {
  const extra = {
    '/fails': () => {
      throw new Error('secret detail')
    },
  }
  const { url, log } = await testServer(context, { extra })
  const { status, text } = await ask(url, '/fails')
  assert.equal(status, 500)
  assert.doesNotMatch(text, /secret/)
  assert.deepEqual(log, ['error answer: GET /fails failed: Error: secret detail'])
  assert.equal((await ask(url, '/healthz')).status, 200)
})
