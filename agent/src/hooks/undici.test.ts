import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { observe, until } from '../testing/observe.ts'
import { Outbound, startTarget, type Target } from '../testing/outbound.ts'
import { MAX_HOSTS } from './support/calls.ts'
import { undiciPool } from './undici-pool.ts'
import { undici as undiciHook } from './undici.ts'

const observed = observe([undiciHook], [undiciPool])
const { activities } = observed
const outbound = new Outbound(observed)
const { Agent, BalancedPool, Client, Pool, request, fetch: fetchOfPackage } = await import('undici')
let target: Target
/** A port that nobody listens on. */
let closed: string

before(async () => {
  const gone = await startTarget()
  closed = new URL(gone.url).port
  await gone.close()
  target = await startTarget()
})

after(async () => {
  await target.close()
  observed.stop()
})

const clients = {
  'the built-in fetch': async (path: string, options: { signal?: AbortSignal } = {}) =>
    (await fetch(target.url + path, options)).text(),
  "the package's fetch": async (path: string, options: { signal?: AbortSignal } = {}) =>
    (await fetchOfPackage(target.url + path, options)).text(),
  'undici.request': async (path: string, options: { signal?: AbortSignal } = {}) =>
    (await request(target.url + path, options)).body.text(),
}

for (const [name, call] of Object.entries(clients)) {
  suite(name, () => {
    test('waits for its host as long as the server takes, and leaves nothing behind', async () => {
      const story = await outbound.request(async () => {
        const activity = activities.current()
        assert.equal(await call('/delay/60'), 'late')
        assert.equal(activities.current(), activity)
      })
      const { waits, leases, took, outlived } = await outbound.over(story)
      assert.deepEqual(waits, [{ name: `http ${target.host}`, isOver: true }])
      assert.deepEqual(leases, ['take release'])
      assert.ok(took.http[0]! >= 58, `waited ${took.http[0]} ms for an answer that took 60`)
      assert.deepEqual(outlived, [])
    })

    test('waits for the end of a body that comes piece by piece', async () => {
      const story = await outbound.request(() => call('/slow-body/60'))
      assert.ok((await outbound.over(story)).took.http[0]! >= 58)
    })

    test('is charged to the request that calls, whoever has opened the connection', async () => {
      await await outbound.request(() => call('/ok'))
      const stories = []
      for (let i = 0; i < 5; i++) stories.push(await outbound.request(() => call('/ok')))
      for (const story of stories) assert.deepEqual((await outbound.over(story)).leases, ['take release'])
    })

    test('is background work when its request does not wait for it', async () => {
      const story = await outbound.request(() => void call('/delay/200'))
      await until('the line that called', () => story().sites.length > 0)
      const { outlived, sites } = await outbound.over(story)
      assert.equal(outlived.length, 1)
      assert.match(sites[0]!, /undici\.test\.ts/)
      await until('the end of the background work', () => story().settled.length === 1)
    })

    test('leaves nothing behind when it is aborted, cut off, or cut off in the middle', async () => {
      const controller = new AbortController()
      const story = await outbound.request(async () => {
        setTimeout(() => controller.abort(), 20)
        await assert.rejects(call('/never', { signal: controller.signal }), { name: 'AbortError' })
        await assert.rejects(call('/never', { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })
        await assert.rejects(call('/hang-up'))
        await assert.rejects(call('/half'))
      })
      const { leases, waits } = await outbound.over(story)
      assert.equal(leases.length, 4)
      assert.ok(waits.length >= 2)
    })

    test('rejects with the very reason of the abort', async () => {
      const mine = { reason: 'enough' }
      const controller = new AbortController()
      const story = await outbound.request(async () => {
        setTimeout(() => controller.abort(mine), 20)
        const thrown = await call('/never', { signal: controller.signal }).catch((error: unknown) => error)
        assert.equal(thrown, mine)
      })
      await outbound.over(story)
    })
  })
}

suite('fetch', () => {
  test('counts each step of a redirect, one after the other', async () => {
    const story = await outbound.request(() => clients['the built-in fetch']('/redirect'))
    assert.deepEqual((await outbound.over(story)).leases, ['take release', 'take release'])
  })

  test('that finds nobody listening has not got a connection', async () => {
    const story = await outbound.request(() => assert.rejects(fetch(`http://localhost:${closed}/`)))
    const { leases, waits } = await outbound.over(story)
    assert.deepEqual([leases, waits], [['fail'], []])
  })

  test('whose answer nobody reads is over when it is collected', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const story = await outbound.request(async () => {
      assert.equal((await fetch(`${target.url}/big`)).status, 200)
    })
    assert.deepEqual(story().leases, ['take'])
    const timer = setInterval(collect, 20)
    await outbound.over(story)
    clearInterval(timer)
    assert.deepEqual(story().leases, ['take release'])
    await until('the end of the background work', () => story().settled.length === 1)
  })

  test('over TLS', async () => {
    const secure = await startTarget(true)
    const dispatcher = new Agent({ connect: { ca: secure.cert } })
    const story = await outbound.request(async () => {
      const answer = await fetchOfPackage(`${secure.url}/delay/40`, { dispatcher })
      assert.equal(await answer.text(), 'late')
    })
    const { took, waits } = await outbound.over(story)
    assert.deepEqual(waits, [{ name: `http ${secure.host}`, isOver: true }])
    assert.ok(took.http[0]! >= 38)
    await dispatcher.close()
    await secure.close()
  })
})

suite('undici', () => {
  test('ends the call when its connection is upgraded', async () => {
    const client = new Client(target.url)
    const story = await outbound.request(async () => {
      const { socket } = await client.upgrade({ path: '/ws', protocol: 'test' })
      socket.destroy()
    })
    assert.deepEqual((await outbound.over(story)).leases, ['take release'])
    await client.close()
  })

  test('shows the connections that wait for use, until they are closed', async () => {
    const other = await startTarget()
    const client = new Client(other.url)
    assert.equal(await (await client.request({ path: '/ok', method: 'GET' })).body.text(), 'ok')
    await until('the idle connection', () => outbound.pool(other.host)!.idle === 1)
    assert.equal(outbound.pool(other.host)!.limit, Infinity)
    await client.close()
    await until('the end of the connection', () => outbound.pool(other.host)!.idle === 0)
    await other.close()
  })
})

suite('a pool of two connections', () => {
  test('has a limit; each of 500 calls waits for the pool on behalf of its own request', async () => {
    const other = await startTarget()
    const pool = new Pool(other.url, { connections: 2 })
    const stories = await Promise.all(
      Array.from({ length: 500 }, () =>
        outbound.request(async () => {
          const activity = activities.current()
          assert.equal(await (await pool.request({ path: '/delay/1', method: 'GET' })).body.text(), 'late')
          assert.equal(activities.current(), activity)
        }),
      ),
    )
    for (const story of stories) {
      const { leases, waits, outlived } = await outbound.over(story)
      assert.deepEqual([leases, waits.length, outlived], [['take release'], 1, []])
    }
    const waited = stories.map((story) => story().took.pool[0]!).sort((a, b) => a - b)
    assert.ok(waited[499]! >= 245, `the last of 500 waited ${waited[499]} ms for 2 connections with 1 ms a call`)
    assert.ok(waited[250]! > waited[10]!)
    const { limit } = outbound.pool(other.host)!
    assert.equal(limit, 2)
    await until('an empty pool', () => {
      const { used, pending } = outbound.pool(other.host)!
      return used === 0 && pending === 0
    })
    await pool.close()
    await other.close()
  })

  test('of an agent, through fetch and with bodies, is the same', async () => {
    const other = await startTarget()
    const dispatcher = new Agent({ connections: 2 })
    const send = async (): Promise<string> =>
      (await fetchOfPackage(`${other.url}/delay/20`, { dispatcher, method: 'POST', body: 'x' })).text()
    const stories = await Promise.all(Array.from({ length: 8 }, () => outbound.request(send)))
    for (const story of stories) {
      const { leases, took } = await outbound.over(story)
      assert.deepEqual(leases, ['take release'])
      assert.ok(took.http[0]! >= 18)
    }
    assert.equal(outbound.pool(other.host)!.limit, 2)
    assert.ok(stories.filter((story) => story().took.pool[0]! >= 58).length >= 2)
    await dispatcher.close()
    await other.close()
  })

  test('of a balanced pool is the same', async () => {
    const other = await startTarget()
    const pool = new BalancedPool(other.url, { connections: 1 })
    const send = async (): Promise<string> => (await pool.request({ path: '/delay/20', method: 'GET' })).body.text()
    const stories = await Promise.all(Array.from({ length: 6 }, () => outbound.request(send)))
    for (const story of stories) {
      const { leases, waits } = await outbound.over(story)
      assert.deepEqual([leases, waits.length], [['take release'], 1])
    }
    assert.equal(outbound.pool(other.host)!.limit, 1)
    assert.ok(stories.filter((story) => story().took.pool[0]! >= 95).length >= 1)
    await pool.close()
    await other.close()
  })

  test('that is destroyed leaves none of those who waited behind', async () => {
    const pool = new Pool(target.url, { connections: 2 })
    const stories = Promise.all(
      Array.from({ length: 6 }, () =>
        outbound.request(() => assert.rejects(pool.request({ path: '/never', method: 'GET' }))),
      ),
    )
    await until('those who wait', () => outbound.pool(target.host)!.pending >= 4)
    await pool.destroy()
    for (const story of await stories) assert.equal((await outbound.over(story)).leases.length, 1)
  })

  test('aborts a call that waits: it is over when its turn comes', async () => {
    const pool = new Pool(target.url, { connections: 1 })
    const controller = new AbortController()
    const first = outbound.request(async () => (await pool.request({ path: '/delay/60', method: 'GET' })).body.text())
    const second = outbound.request(() =>
      assert.rejects(pool.request({ path: '/ok', method: 'GET', signal: controller.signal })),
    )
    controller.abort()
    for (const story of await Promise.all([first, second])) await outbound.over(story)
    await until('an empty queue', () => outbound.pool(target.host)!.pending === 0)
    await pool.close()
  })
})

suite('what is seen', () => {
  test('says the version of the package and of the one in Node', () => {
    const rows = observed.reader.hooked.filter(({ module }) => module === 'undici' || module === 'node:fetch')
    assert.deepEqual(
      rows.map(({ module, how }) => [module, how]),
      [
        ['node:fetch', 'channel'],
        ['undici', 'patch'],
      ],
    )
  })

  test('hosts beyond a hundred share one row', async () => {
    // Nobody listens there; each is a host of its own.
    for (let i = 1; i <= MAX_HOSTS + 5; i++) await fetch(`http://127.0.0.${i}:${closed}/`).catch(() => {})
    observed.reader.read()
    const names = [...observed.reader.pools.values()].map(({ name }) => name)
    assert.equal(names.length, MAX_HOSTS + 1)
    assert.equal(names.filter((name) => name.endsWith('other hosts')).length, 1)
    assert.deepEqual(observed.reader.problems, [])
  })
})
