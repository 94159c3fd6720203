import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { Collector } from '../model/collector.ts'
import { applyMessage, emptyTables, parseStreamMessage, type StreamMessage, type Tables } from '../protocol/index.ts'
import { testServer } from '../testing/server.ts'
import { SNAPSHOT_NOW, snapshotOf } from '../testing/snapshot.ts'
import type { Limits } from './limits.ts'

const FAST = { intervalMs: 20 }

class TestReader {
  readonly messages: StreamMessage[] = []
  readonly socket: WebSocket
  readonly closed: Promise<number>
  tables: Tables = emptyTables()
  #wake: (() => void) | undefined

  constructor(context: TestContext, port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/stream`)
    context.after(() => this.socket.terminate())
    this.closed = once(this.socket, 'close').then(([code]) => code as number)
    this.socket.on('message', (data) => {
      const message = parseStreamMessage(String(data))
      assert.ok(!('error' in message))
      this.messages.push(message)
      this.tables = applyMessage(this.tables, message)
      this.#wake?.()
    })
  }

  /** Resolves once the condition holds, and fails after 5 s. */
  async until(condition: () => boolean): Promise<void> {
    const end = Date.now() + 5000
    while (!condition()) {
      if (Date.now() > end)
        assert.fail(`${condition} was never true; got ${this.messages.map(({ type }) => type).join()}`)
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), sleep(100)])
    }
  }

  got(type: StreamMessage['type'], times = 1): Promise<void> {
    return this.until(() => this.messages.filter((message) => message.type === type).length >= times)
  }
}

/** A source that the test changes, and that counts how often it was asked. */
function changingSource() {
  const source = { id: 'a', asked: 0, busy: 0, padding: 0, snapshot }
  function snapshot(now: number) {
    source.asked++
    const taken = snapshotOf('a', now)
    taken.loop[0]!.utilization = source.busy
    // Rows that are new each time make each delta large.
    for (let i = 0; i < source.padding; i++) {
      taken.background.push({ ...taken.background[0]!, name: `${source.asked}-${i}-${'x'.repeat(1000)}` })
    }
    return taken
  }
  return source
}

async function streaming(context: TestContext, limits: Partial<Limits> = FAST) {
  const collector = new Collector({ cacheMs: 0 })
  const source = changingSource()
  collector.add(source)
  const server = await testServer(context, { collector, limits })
  return { server, source, reader: () => new TestReader(context, server.port) }
}

test('a reader gets hello, one full snapshot, and then what changes', async (context) => {
  const { source, reader } = await streaming(context)
  const first = reader()
  await first.got('delta')
  assert.deepEqual(first.messages[0], { type: 'hello', version: 1, agent: '1.2.3', now: SNAPSHOT_NOW, intervalMs: 20 })
  assert.equal(first.messages[1]!.type, 'snapshot')
  assert.deepEqual(
    first.tables.blocks.map(({ id }) => id),
    ['a-b18', 'a-b17'],
  )
  assert.deepEqual(first.messages[2], { type: 'delta', now: SNAPSHOT_NOW, tables: {} })
  source.busy = 0.33
  await first.until(() => first.tables.loop[0]!.utilization === 0.33)
  const last = first.messages.findLast((message) => message.type === 'delta' && message.tables.loop)
  assert.deepEqual(last?.type === 'delta' && Object.keys(last.tables), ['loop'], 'only the table that changed')
})

test('a reader that comes later holds the same as the first one', async (context) => {
  const { source, reader } = await streaming(context)
  const first = reader()
  await first.got('delta')
  source.busy = 0.5
  const second = reader()
  source.busy = 0.6
  const agree = () => [first, second].every(({ tables }) => tables.loop[0]?.utilization === 0.6)
  await second.until(agree)
  assert.deepEqual(second.tables, first.tables)
})

test('the source is asked once for all readers, and not at all without one', async (context) => {
  const { source, reader } = await streaming(context)
  await sleep(100)
  assert.equal(source.asked, 0)
  const readers = [reader(), reader(), reader()]
  await Promise.all(readers.map((each) => each.got('delta', 5)))
  const deltas = Math.max(...readers.map(({ messages }) => messages.filter(({ type }) => type === 'delta').length))
  assert.ok(source.asked <= deltas + 2, `asked ${source.asked} times for ${deltas} deltas`)
  for (const each of readers) each.socket.close()
  await Promise.all(readers.map(({ closed }) => closed))
  await sleep(50)
  const asked = source.asked
  await sleep(100)
  assert.equal(source.asked, asked)
})

test('a reader that is too slow is skipped, told so, and given a new snapshot; the others notice nothing', async (context) => {
  const { source, reader } = await streaming(context, { intervalMs: 10, maxBufferedBytes: 64 * 1024 })
  const slow = reader()
  const quick = reader()
  await Promise.all([slow.got('delta'), quick.got('delta')])
  slow.socket.pause()
  source.padding = 300
  await quick.got('delta', 60)
  source.padding = 0
  const before = slow.messages.length
  slow.socket.resume()
  await slow.got('skipped')
  const place = slow.messages.findIndex(({ type }) => type === 'skipped')
  const skipped = slow.messages[place]
  assert.ok(place >= before && skipped?.type === 'skipped' && skipped.messages > 0)
  await slow.got('snapshot', 2)
  assert.equal(slow.messages[place + 1]!.type, 'snapshot')
  source.busy = 0.9
  await slow.until(() => slow.tables.loop[0]!.utilization === 0.9)
  await quick.until(() => quick.tables.loop[0]!.utilization === 0.9)
  assert.deepEqual(slow.tables, quick.tables)
  assert.ok(!quick.messages.some(({ type }) => type === 'skipped'))
})

test('a reader that stays behind is dropped, with one line in the log', async (context) => {
  const { server, source, reader } = await streaming(context, {
    intervalMs: 10,
    maxBufferedBytes: 64 * 1024,
    dropAfterMs: 200,
  })
  const slow = reader()
  const quick = reader()
  await Promise.all([slow.got('delta'), quick.got('delta')])
  slow.socket.pause()
  source.padding = 300
  await quick.until(() => server.log.length > 0)
  source.padding = 0
  assert.deepEqual(server.log, [
    'info reader-dropped: a reader of the stream did not keep up for 200 ms and was dropped',
  ])
  slow.socket.resume()
  assert.equal(await slow.closed, 1013)
  await quick.got('delta', quick.messages.length + 3)
})

test('there are at most so many readers, and a place is free again when one goes', async (context) => {
  const { server, reader } = await streaming(context, { ...FAST, maxReaders: 2 })
  const [one, two] = [reader(), reader()]
  await Promise.all([one.got('hello'), two.got('hello')])
  const third = new WebSocket(`ws://127.0.0.1:${server.port}/api/v1/stream`)
  third.on('error', () => {})
  const [, response] = await once(third, 'unexpected-response')
  assert.equal(response.statusCode, 503)
  response.destroy()
  one.socket.close()
  await one.closed
  await reader().got('snapshot')
})

test('what a reader says is not listened to, and must be short', async (context) => {
  const { reader } = await streaming(context)
  const first = reader()
  await first.got('hello')
  first.socket.send('{"type":"anything"}')
  await first.got('delta', 3)
  first.socket.send('x'.repeat(5000))
  assert.equal(await first.closed, 1009)
})

test('a source that fails is a line in the log, and the stream goes on when it works again', async (context) => {
  const { server, source, reader } = await streaming(context)
  const first = reader()
  await first.got('delta')
  const works = source.snapshot
  source.snapshot = () => {
    throw new Error('broken')
  }
  await first.until(() => server.log.length > 0)
  assert.match(server.log[0]!, /^error stream: .*broken/)
  source.snapshot = works
  source.busy = 0.4
  await first.until(() => first.tables.loop[0]!.utilization === 0.4)
})

test('a reader is told when the server closes', async (context) => {
  const { server, reader } = await streaming(context)
  const first = reader()
  await first.got('delta')
  await server.close()
  assert.equal(await first.closed, 1001)
  assert.deepEqual(first.messages.at(-1), { type: 'bye', now: SNAPSHOT_NOW, reason: 'the process is exiting' })
})
