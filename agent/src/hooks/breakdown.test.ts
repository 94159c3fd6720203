/** Where the latency of a route goes, against what its handler knows: the parts, their sum, and what is left over. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { RouteRow } from '@loopscope/collector/protocol'
import { modelOf } from '../testing/model.ts'
import { observe } from '../testing/observe.ts'
import { startTarget, type Target } from '../testing/outbound.ts'
import { http } from './http.ts'
import { pooled } from './pooled.ts'
import { timers } from './timers.ts'
import { undici } from './undici.ts'

const observed = observe([http, timers, pooled, undici])
const { recorder, activities, stop } = observed
const model = modelOf(observed)
const { setTimeout: sleep } = await import('node:timers/promises')
const { pbkdf2: pooledPbkdf2 } = await import('node:crypto')
const derive = promisify(pooledPbkdf2)
let target: Target

const call = async (ms: number): Promise<string> => (await fetch(`${target.url}/delay/${ms}`)).text()
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const routes: Record<string, () => Promise<unknown>> = {
  '/timer': () => sleep(40),
  '/callback': () => rest(40),
  '/series': async () => {
    await call(20)
    await rest(30)
  },
  '/parallel': () => Promise.all([call(50), rest(30), sleep(10)]),
  '/guarded': async () => {
    const guard = setTimeout(() => {}, 5000)
    await call(30)
    clearTimeout(guard)
  },
  '/derive': () => derive('secret', 'salt', 100_000, 64, 'sha512'),
}

/** ms that the handlers have taken, by their own clock. */
const measured: Record<string, number[]> = {}

const server = createServer((request, response) => {
  const activity = activities.current()!
  activities.setRoute(activity, recorder.name(request.url!))
  const began = performance.now()
  routes[request.url!]!().then(
    () => {
      ;(measured[request.url!] ??= []).push(performance.now() - began)
      response.end('ok')
    },
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})

before(async () => {
  target = await startTarget()
  await once(server.listen(0), 'listening')
})

after(async () => {
  server.closeAllConnections()
  server.close()
  await target.close()
  stop()
})

function ask(path: string): Promise<number> {
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

async function breakdownOf(path: string): Promise<{ parts: RouteRow['breakdown']; whole: number; mean: number }> {
  for (let i = 0; i < 5; i++) assert.equal(await ask(path), 200)
  const row = (await model.quiet()).routes.find(({ route }) => route === `GET ${path}`)!
  const whole = measured[path]!.reduce((sum, ms) => sum + ms, 0) / measured[path]!.length
  const mean = Object.values(row.breakdown).reduce((sum, ms) => sum + ms, 0)
  return { parts: row.breakdown, whole, mean }
}

/** Each part is what its truth is, to a tenth and what a clock of whole ms adds; what nobody names is small. */
async function goes(path: string, truth: Partial<Record<keyof RouteRow['breakdown'], number>>): Promise<void> {
  const { parts, whole, mean } = await breakdownOf(path)
  const said = `${path} took ${whole.toFixed(1)} ms: ${JSON.stringify(parts)}`
  assert.ok(mean >= whole - 1, `the sum is the latency: ${said}`)
  for (const [part, ms] of Object.entries(truth)) {
    const took = parts[part as keyof typeof parts] ?? 0
    assert.ok(took >= ms * 0.9 - 1.5, `${part} is at least ${ms} ms: ${said}`)
    assert.ok(took <= whole + 1, `${part} is not more than all: ${said}`)
  }
  const named = Object.keys(truth)
  for (const [part, ms] of Object.entries(parts)) {
    if (!named.includes(part))
      assert.ok(ms <= mean - Object.values(truth).reduce((sum, one) => sum + one * 0.9 - 1.5, 0), said)
  }
}

test('a timer', () => goes('/timer', { timer: 40 }))
test('a timer with a callback', () => goes('/callback', { timer: 40 }))
test('one after the other', () => goes('/series', { http: 20, timer: 30 }))
test('side by side, the one that ends last is what the request went on from', async () => {
  await goes('/parallel', { http: 50 })
  const { parts } = await breakdownOf('/parallel')
  assert.ok((parts.timer ?? 0) <= 5, JSON.stringify(parts))
})
test('a timer that was cleared has kept nobody waiting', async () => {
  await goes('/guarded', { http: 30 })
  const { parts } = await breakdownOf('/guarded')
  assert.equal(parts.timer ?? 0, 0)
})
test('the thread pool', async () => {
  const { parts, whole } = await breakdownOf('/derive')
  assert.ok(parts.threadPool! >= whole * 0.8 - 2, JSON.stringify(parts))
})
