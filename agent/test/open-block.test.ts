/** While the program's loop is held, everything goes on answering, and the block is shown as it grows. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  applyMessage,
  emptyTables,
  parseStreamMessage,
  type BlockRow,
  type StreamMessage,
} from '@loopscope/collector/protocol'
import { WebSocket } from 'ws'
import { get, portOf } from './support/http.ts'
import { socketOf, start } from './support/program.ts'

/** Scrapers give up after seconds; the answer comes from another thread than the one that is held. */
const PROMPT_MS = 300

test('a block of 2 s: metrics, API, health and stream answer in the middle of it', async (t) => {
  const running = start(t, 'troubles.js')
  const port = await portOf(running)
  await running.ready()
  await running.ask('/metrics') // what is compiled at the first answer is not what is measured

  const stream = new WebSocket(`ws+unix:${socketOf(running.pid)}:/api/v1/stream`)
  t.after(() => stream.terminate())
  let tables = emptyTables()
  const messages: { at: number; message: StreamMessage }[] = []
  stream.on('message', (data: Buffer) => {
    const message = parseStreamMessage(data.toString())
    if ('error' in message) throw new Error(message.error)
    messages.push({ at: performance.now(), message })
    tables = applyMessage(tables, message)
  })
  await once(stream, 'open')

  const began = performance.now()
  let held = true
  const request = get(port, '/long').then((answer) => {
    held = false
    return answer
  })
  await sleep(700)
  const answers = await Promise.all(
    ['/healthz', '/metrics', '/api/v1/blocks', '/api/v1/loop'].map((path) => running.ask(path)),
  )
  assert.ok(held, 'the program was still held when all of these had come')
  for (const answer of answers) assert.equal(answer.status, 200)
  t.diagnostic(`answers after ${answers.map((answer) => answer.ms.toFixed(0)).join(', ')} ms`)
  for (const answer of answers) assert.ok(answer.ms < PROMPT_MS, `${answer.ms} ms`)

  const [, metrics, blocks, loop] = answers.map((answer) => answer.body)
  const open = (JSON.parse(blocks!) as { items: BlockRow[] }).items[0]!
  assert.equal(open.open, true)
  assert.deepEqual([open.function, open.file, open.route], ['spin', 'agent/test/programs/troubles.js', 'GET /long'])
  assert.ok(open.duration > 400 && open.duration < performance.now() - began, `${open.duration} ms`)
  await sleep(150)
  const grown = (await running.table('blocks'))[0]!
  assert.ok(grown.open && grown.duration > open.duration, 'the open block grows')
  assert.match(metrics!, /^nodejs_eventloop_utilization/m)
  const { blockedNow } = (JSON.parse(loop!) as { items: { blockedNow: { duration: number } | null }[] }).items[0]!
  assert.ok(blockedNow !== null && blockedNow.duration > 400)
  assert.equal((await running.table('instances'))[0]!.status, 'blocked')
  assert.ok(held, 'still held')
  const streamed = messages.filter(({ at }) => at > began + 200)
  assert.ok(streamed.length > 0, 'the stream has said something since')
  assert.equal(tables.blocks.find((row) => row.open)?.function, 'spin', 'the stream shows the open block')

  const { ms } = await request
  const done = await running.until('the finished block', async () => {
    const rows = await running.table('blocks')
    return rows.some((row) => row.open) ? undefined : rows.find((row) => row.route === 'GET /long')
  })
  assert.ok(done.duration > 1900 && done.duration <= ms * 1.1 + 50, `${done.duration} of ${ms} ms`)
  assert.equal((await running.table('loop'))[0]!.blockedNow, null)
  assert.equal((await running.table('instances'))[0]!.status, 'live')
})
