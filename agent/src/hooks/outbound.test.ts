/** Where the latency of routes that call other servers goes: what the model says beside what the servers are known to take. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest, Agent, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { modelOf } from '../testing/model.ts'
import { observe, until } from '../testing/observe.ts'
import { startTarget, type Target } from '../testing/outbound.ts'
import { httpClient } from './http-client.ts'
import { http } from './http.ts'
import { undiciPool } from './undici-pool.ts'
import { undici } from './undici.ts'

const observed = observe([http, httpClient, undici], [undiciPool])
const { recorder, activities, stop } = observed
const { Pool } = await import('undici')
const { snapshot } = modelOf(observed)

let target: Target
let pool: InstanceType<typeof Pool>
const agent = new Agent({ keepAlive: true })

const routes: Record<string, () => Promise<unknown>> = {
  '/fetch': async () => (await fetch(`${target.url}/delay/50`)).text(),
  '/two': async () => {
    await (await fetch(`${target.url}/delay/30`)).text()
    await (await fetch(`${target.url}/delay/40`)).text()
  },
  '/get': async () => {
    const request = httpRequest(`${target.url}/delay/50`, { agent }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
  },
  '/pool': async () => (await pool.request({ path: '/delay/30', method: 'GET' })).body.text(),
}

/** ms that the handlers have waited, by their own clock. */
const measured: Record<string, number[]> = {}

const server = createServer((request, response) => {
  const activity = activities.current()!
  activities.setRoute(activity, recorder.name(request.url!))
  const began = performance.now()
  routes[request.url!]!().then(
    () => {
      const known = (measured[request.url!] ??= [])
      known.push(performance.now() - began)
      response.end('ok')
    },
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})

before(async () => {
  target = await startTarget()
  pool = new Pool(target.url, { connections: 1 })
  await once(server.listen(0), 'listening')
})

after(async () => {
  await pool.close()
  agent.destroy()
  server.closeAllConnections()
  server.close()
  await target.close()
  stop()
})

function call(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    // Outside of all activities: the caller is another process, as it were.
    const { port } = server.address() as AddressInfo
    httpRequest({ port, path, agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode!))
    })
      .on('error', reject)
      .end()
  })
}

test('the wait for other servers is http, the wait for a connection to them the pool’s', async () => {
  for (const path of ['/fetch', '/two', '/get']) for (let i = 0; i < 5; i++) assert.equal(await call(path), 200)
  // One connection, 30 ms a call: four at once wait 0, 30, 60 and 90 ms for it.
  assert.equal(await call('/pool'), 200)
  assert.deepEqual(await Promise.all(Array.from({ length: 4 }, () => call('/pool'))), [200, 200, 200, 200])
  await until('the pool’s own word', () => snapshot().pools.every(({ used, pending }) => used === 0 && pending === 0))
  const { routes: rows, pools } = snapshot()
  const of = (path: string) => {
    const row = rows.find(({ route }) => route === `GET ${path}`)!
    return { http: row.breakdown.http ?? 0, poolWait: row.breakdown.poolWait ?? 0, other: row.breakdown.other }
  }
  for (const [path, truth] of [
    ['/fetch', 50],
    ['/two', 70],
    ['/get', 50],
    ['/pool', 30],
  ] as const) {
    const { http: took, poolWait } = of(path)
    const whole = measured[path]!.reduce((sum, ms) => sum + ms, 0) / measured[path]!.length
    assert.ok(took >= truth - 2, `${path} waited ${took} ms on servers that take ${truth}`)
    assert.ok(took + poolWait <= whole + 1, `${path} waited ${took} + ${poolWait} ms of ${whole}`)
  }
  const { poolWait } = of('/pool')
  assert.ok(poolWait >= 34, `waited ${poolWait} ms for the connection, known are 36`)
  const row = pools.find(({ system, name }) => system === 'undici' && name === target.host)!
  assert.deepEqual([row.kind, row.limit], ['http-client', null])
  assert.ok(row.use!.p99 >= 48 && row.wait.max >= 88)
})
