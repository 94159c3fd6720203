/** Calls through each library and version that the table of what is covered names: each is one call of the request that makes it. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import axios from 'axios'
import got from 'got'
import nodeFetch from 'node-fetch'
import type * as Undici from 'undici'
import { observe, until } from '../testing/observe.ts'
import { Outbound, startTarget, type Target } from '../testing/outbound.ts'
import { httpClient } from './http-client.ts'
import { undici } from './undici.ts'
import { undiciPool } from './undici-pool.ts'

const observed = observe([httpClient, undici], [undiciPool])
const outbound = new Outbound(observed)
const DELAY_MS = 60
let target: Target

before(async () => {
  target = await startTarget()
})

after(async () => {
  await target.close()
  observed.stop()
})

const libraries: Record<string, (url: string) => Promise<string>> = {
  axios: async (url) => (await axios.get<string>(url)).data,
  got: (url) => got(url).text(),
  'node-fetch': async (url) => (await nodeFetch(url)).text(),
}

for (const [name, call] of Object.entries(libraries)) {
  test(`${name}: a call waits for its host as long as the server takes`, async () => {
    await once(() => call(`${target.url}/delay/${DELAY_MS}`))
  })
}

/** The request makes one call and waits for its host; nothing is left of it. */
async function once(call: () => Promise<string>): Promise<void> {
  const { activities } = observed
  const story = await outbound.request(async () => {
    const activity = activities.current()
    assert.equal(await call(), 'late')
    assert.equal(activities.current(), activity)
  })
  const { waits, leases, took, outlived } = await outbound.over(story)
  assert.deepEqual(waits, [{ name: `http ${target.host}`, isOver: true }])
  assert.deepEqual(leases, ['take release'])
  assert.ok(took.http[0]! >= DELAY_MS - 2, `waited ${took.http[0]} ms for an answer that took ${DELAY_MS}`)
  assert.deepEqual(outlived, [])
}

for (const name of ['undici6', 'undici', 'undici8']) {
  const { Pool, fetch, request } = (await import(name)) as typeof Undici
  const { version } = (await import(`${name}/package.json`, { with: { type: 'json' } })).default as { version: string }

  suite(`undici ${version}`, () => {
    test('request waits for its host', () =>
      once(async () => (await request(`${target.url}/delay/${DELAY_MS}`)).body.text()))

    test('fetch waits for its host', () => once(async () => (await fetch(`${target.url}/delay/${DELAY_MS}`)).text()))

    test('a pool of one connection makes the others wait for it', async () => {
      const other = await startTarget()
      const pool = new Pool(other.url, { connections: 1 })
      const send = async (): Promise<string> =>
        (await pool.request({ path: `/delay/${DELAY_MS}`, method: 'GET' })).body.text()
      const stories = await Promise.all([1, 2, 3].map(() => outbound.request(send)))
      const waited: number[] = []
      for (const story of stories) {
        const { leases, took } = await outbound.over(story)
        assert.deepEqual(leases, ['take release'])
        waited.push(took.pool[0]!)
      }
      assert.ok(Math.max(...waited) >= 2 * DELAY_MS - 4, `waited ${waited.join(', ')} ms`)
      assert.equal(outbound.pool(other.host)!.limit, 1)
      await until('an empty pool', () => outbound.pool(other.host)!.used === 0)
      await pool.close()
      await other.close()
    })
  })
}
