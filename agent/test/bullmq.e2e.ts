/** BullMQ with a real Redis: Debian's, on a port of its own, without persistence. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import type { BackgroundRow, PoolRow } from '@loopscope/collector/protocol'
import { installFromDebian } from '../../scripts/debian.ts'
import { start, type Running } from './support/program.ts'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

suite('the jobs of BullMQ', () => {
  let running: Running
  const ends: (() => Promise<void> | void)[] = []

  before(async () => {
    installFromDebian('redis-server', ['redis-server'], (text) => console.log(`e2e: ${text}`))
    const port = await freePort()
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    const redis = spawn('redis-server', options, { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
    ends.push(async () => {
      redis.kill('SIGKILL')
      await once(redis, 'exit')
    })
    let said = ''
    for await (const chunk of redis.stdout.setEncoding('utf8'))
      if ((said += String(chunk)).includes('Ready to accept')) break
    running = start({ after: (end) => ends.unshift(end) }, 'jobs.js', { args: [String(port)] })
    await running.printed(/^ready$/m)
    await running.ready()
  })
  after(async () => {
    for (const end of ends) await end()
  })

  const add = (name: string, count: number, delay = 0): unknown =>
    running.child.stdin!.write(`${name} ${count} ${delay}\n`)
  const pool = async (): Promise<PoolRow | undefined> =>
    (await running.table('pools')).find(({ system }) => system === 'bullmq')
  const row = async (name: string): Promise<BackgroundRow | undefined> =>
    (await running.table('background')).find((each) => each.name === name)

  test('hold the slots of their worker, and have waited since they were added', async () => {
    add('send', 10)
    const busy = await running.until('two at work', async () => {
      const found = await pool()
      return found?.used === 2 ? found : undefined
    })
    assert.deepEqual([busy.kind, busy.name, busy.limit, busy.pending], ['queue', 'mails', 2, null])
    assert.deepEqual([...new Set(busy.holders.map(({ route }) => route))], ['mails:send'])
    const tasks = await running.table('tasks')
    assert.ok(tasks.filter(({ kind, name }) => kind === 'job' && name === 'mails:send').length <= 2)
    const over = await running.until('the last', async () => {
      const found = await row('mails:send')
      return found?.ended === 10 ? found : undefined
    })
    assert.deepEqual([over.started, over.failed, over.running, over.retried], [10, 0, 0, undefined])
    assert.ok(over.duration!.p50 > 90 && over.duration!.p50 < 1000, `${over.duration!.p50} ms`)
    const { wait, use } = (await pool())!
    assert.ok(wait.max > 350, `five rounds of 100 ms: the last waited ${wait.max} ms`)
    assert.ok(use!.p50 > 90, `${use!.p50} ms`)
  })

  test('are not late by the delay that they were added with', async () => {
    const before = (await pool())!.wait.max
    add('send', 1, 3000)
    await running.until('it', async () => ((await row('mails:send'))?.ended === 11 ? true : undefined))
    const { wait } = (await pool())!
    assert.ok(wait.max < Math.max(before + 100, 2000), `${wait.max} ms`)
  })

  test('that fail are tried again, and both attempts failed', async () => {
    add('bounce', 1)
    const failed = await running.until('both attempts', async () => {
      const found = await row('mails:bounce')
      return found?.failed === 2 ? found : undefined
    })
    assert.deepEqual([failed.started, failed.ended, failed.retried, failed.unhandled], [2, 2, 1, 0])
  })

  test('lose their lock in a block, which is named: the renewal came late because of it', async () => {
    add('slow', 1)
    await running.printed(/^added slow$/m)
    add('block', 1)
    const late = await running.until('the late renewal', async () => {
      const found = await pool()
      return found?.jobs?.worstRenewal?.block ? found : undefined
    })
    const { worstRenewal, lateRenewals } = late.jobs!
    assert.ok(lateRenewals >= 1)
    assert.ok(worstRenewal!.late > 1500, `${worstRenewal!.late} ms late`)
    const block = (await running.table('blocks')).find(({ id }) => id === worstRenewal!.block)
    assert.deepEqual([block?.function, block?.route], ['spin', 'mails:block'])
    await running.until('the lost lock', async () => ((await pool())!.jobs!.stalled > 0 ? true : undefined))
    await sleep(0)
    const { body } = await running.ask('/metrics')
    assert.match(body, /^loopscope_queue_stalled_total\{.*loopscope_queue_name="mails".*\} [1-9]/m)
  })
})
