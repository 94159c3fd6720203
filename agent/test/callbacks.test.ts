/** A turn that many small callbacks made long is told from one that a single callback held. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { BlockCallbacks, BlockRow } from '@loopscope/collector/protocol'
import { get, portOf } from './support/http.ts'
import { start, type Running } from './support/program.ts'

const SOCKETS = 300

/** Timers that go on after the response are named so. */
function isOf({ route }: BlockRow, kind: string): boolean {
  return route === `GET /${kind}` || route === `GET /${kind} (after response)`
}

suite('the callbacks of a block', () => {
  let running: Running
  let port: number
  let sockets: Socket[]
  const ends: (() => Promise<void> | void)[] = []

  before(async () => {
    running = start({ after: (end) => ends.push(end) }, 'many-small.js', { environment: { LOOPSCOPE_BLOCK_MS: '50' } })
    port = await portOf(running)
    await running.ready()
    sockets = Array.from({ length: SOCKETS }, () => connect(port, '127.0.0.1').resume())
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    for (const end of ends) await end()
  })

  function heads(kind: string): string {
    return `GET /${kind} HTTP/1.1\r\nhost: test\r\n\r\n`
  }

  /** A machine that is busy elsewhere may make a small callback long, or hide it all: it comes again. */
  async function judged(kind: string, isMany: boolean, trouble = () => get(port, `/${kind}`)): Promise<BlockRow> {
    let askedAt = -Infinity
    return running.until(`a block of /${kind} that is ${isMany ? 'many callbacks' : 'one callback'}`, async () => {
      if (performance.now() - askedAt > 1000) {
        await trouble()
        askedAt = performance.now()
      }
      const rows = (await running.table('blocks')).filter((row) => !row.open && isOf(row, kind))
      // The other way round it must not be: what is one callback has nothing small in it.
      if (!isMany) assert.ok(!rows.some((row) => row.callbacks?.isMany), JSON.stringify(rows))
      return rows.find((row) => row.function !== null && row.callbacks?.isMany === isMany)
    })
  }

  const MANY: [string, BlockCallbacks['kind']][] = [
    ['immediates', 'immediates'],
    ['timers', 'timers'],
    ['awaits', 'microtasks'],
    ['all', 'microtasks'],
    ['ticks', 'nextTicks'],
  ]
  for (const [kind, expected] of MANY) {
    test(`are many: ${kind}`, async (t) => {
      const { callbacks, evidence, duration } = await judged(kind, true)
      t.diagnostic(`${duration.toFixed(0)} ms, ${evidence.samples} samples: ${JSON.stringify(callbacks)}`)
      assert.equal(callbacks!.kind, expected)
      assert.ok(callbacks!.count > 1)
    })
  }

  for (const kind of ['one-immediate', 'one-tick', 'one-await']) {
    test(`are one: ${kind}`, async (t) => {
      const { callbacks, file } = await judged(kind, false)
      t.diagnostic(JSON.stringify(callbacks))
      assert.match(file!, /many-small\.js$/)
      assert.ok(callbacks!.longest! >= 50, `${callbacks!.longest} ms`)
    })
  }

  test('are many where many requests come at once, and the row says of how many', async (t) => {
    const { callbacks, file } = await judged('request', true, async () => {
      for (const socket of sockets) socket.write(heads('request'))
      return get(port, '/request')
    })
    t.diagnostic(JSON.stringify(callbacks))
    assert.match(file!, /many-small\.js$/)
    assert.equal(callbacks!.kind, 'events')
    assert.ok(callbacks!.activities > 10 && callbacks!.activities <= SOCKETS + 1, `${callbacks!.activities} activities`)
    assert.ok(callbacks!.count >= callbacks!.activities)
  })

  test('are many where one connection sends many requests at once', async (t) => {
    const { callbacks } = await judged('request', true, async () => {
      sockets[0]!.write(heads('request').repeat(SOCKETS))
      return get(port, '/request')
    })
    t.diagnostic(JSON.stringify(callbacks))
  })

  test('are one where one long request comes among many', async (t) => {
    const { callbacks } = await judged('one-request', false, async () => {
      for (const [i, socket] of sockets.entries()) socket.write(heads(i === SOCKETS / 2 ? 'one-request' : 'request'))
      return get(port, '/request')
    })
    t.diagnostic(JSON.stringify(callbacks))
    assert.ok(callbacks!.longest! >= 50, `${callbacks!.longest} ms`)
  })
})
