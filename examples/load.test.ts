import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'

interface Row {
  route: string
  count: number
  errors: number
  p50: number | null
  p99: number | null
  firstError: string | null
}

/** A server that counts; `/login` is slow, `/images` fails. */
const seen = new Map<string, number>()
const server = createServer((request, response) => {
  const route = `${request.method} ${request.url}`
  seen.set(route, (seen.get(route) ?? 0) + 1)
  request.resume()
  if (request.url === '/images') response.statusCode = 500
  setTimeout(() => response.end('{}'), request.url === '/login' ? 100 : 0)
})
let url = ''

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => server.close())
beforeEach(() => seen.clear())

function load(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'load.js'), ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0)

test('the summary counts each request that the server saw, by route', async () => {
  const { code, stdout } = await load(url, '--seconds', '1', '--json')
  const { rows } = JSON.parse(stdout) as { rows: Row[] }
  const count = (route: string) => rows.find((row) => row.route === route)!.count
  assert.equal(code, 0)
  assert.equal(sum(rows.map((row) => row.count)), sum(seen.values()))
  for (const route of ['GET /api/products', 'POST /cart', 'GET /health', 'GET /dashboard', 'POST /login']) {
    assert.equal(count(route), seen.get(route) ?? 0, route)
  }
  const product = (key: string) => key.startsWith('GET /api/products/')
  assert.equal(count('GET /api/products/:id'), sum([...seen].filter(([key]) => product(key)).map(([, n]) => n)))
  assert.equal(count('GET /api/products'), 45)
})

test('the rate is kept, whatever the latency, and the quantiles are those of the server', async () => {
  const { stdout } = await load(url, '--seconds', '1', '--rate', '40', '--only', 'POST /login', '--json')
  const { rows, seconds } = JSON.parse(stdout) as { rows: Row[]; seconds: number }
  assert.deepEqual(
    rows.map(({ route, count, errors }) => ({ route, count, errors })),
    [{ route: 'POST /login', count: 40, errors: 0 }],
  )
  assert.ok(seconds >= 1 && seconds < 2, `took ${seconds} s`)
  assert.ok(rows[0]!.p50! >= 99 && rows[0]!.p99! >= rows[0]!.p50!, JSON.stringify(rows[0]))
})

test('answers of 400 and above are errors, named in the table, and nothing but errors is a failure', async () => {
  const { code, stdout, stderr } = await load(url, '--seconds', '1', '--rate', '5', '--only', 'images')
  assert.equal(code, 1)
  assert.match(stdout, /^ROUTE +COUNT +ERRORS +P50 +P99$/m)
  assert.match(stdout, /^POST \/images +5 +5 +\d+\.\d ms +\d+\.\d ms$/m)
  assert.match(stdout, /first error of POST \/images: status 500/)
  assert.match(stderr, /no request was answered well/)
})

test('a wrong option says which and what is allowed', async () => {
  const wrong = [
    { args: ['--rate', '0'], says: /--rate is "0"; it must be a number above 0 and up to 2000/ },
    { args: ['--seconds', 'x'], says: /--seconds is "x"/ },
    { args: ['--only', 'nothing'], says: /No route matches nothing[^]*GET \/health/ },
    { args: ['http://example.com'], says: /this machine only/ },
    { args: ['--wrong'], says: /--wrong/ },
  ]
  for (const { args, says } of wrong) {
    const { code, stderr } = await load(...args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, says)
    assert.match(stderr, /Try --help/)
  }
})

test('the help and the README name each route of the mix', async () => {
  const { code, stdout } = await load('--help')
  const routes = [...stdout.matchAll(/^ {2}((?:GET|POST) \S+) +[\d.]+$/gm)].map(([, route]) => route!)
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const documented = [...readme.matchAll(/^\| `([^`]+)`/gm)].map(([, route]) => route!)
  assert.equal(code, 0)
  assert.equal(routes.length, 16)
  assert.deepEqual(documented.toSorted(), routes.toSorted())
})
