/** The small parts of the worker: what it wants of the program's thread, what the agent costs, waiting for a file. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CONTROL, createChannel, WISH } from '@loopscope/collector/protocol'
import { appears } from './appears.ts'
import { GcWish } from './gc-wish.ts'
import { createVitals } from './vitals.ts'

test('collections are watched from a block on, for a minute', () => {
  const channel = createChannel()
  let now = 1000
  const wish = new GcWish(channel, () => now)
  const wishes = (): number => {
    wish.review()
    return channel.control[CONTROL.wishes]!
  }
  assert.equal(wishes(), 0)
  wish.sawBlock()
  assert.equal(wishes(), WISH.gc)
  now += 59_999
  assert.equal(wishes(), WISH.gc)
  now += 1
  assert.equal(wishes(), 0)
})

test("the agent's share of a core is that of its own thread over the last minute", () => {
  let now = 0
  const vitals = createVitals(() => now)
  assert.equal(vitals(undefined).agent.cpuShare, 0)
  const began = process.cpuUsage()
  const end = performance.now() + 60
  while (performance.now() < end);
  const { user, system } = process.cpuUsage(began)
  now = 1000
  const { agent, process: all, url } = vitals('http://127.0.0.1:1')
  assert.ok(agent.cpuShare > 0.005 && agent.cpuShare <= (user + system) / 1e6 + 0.05, `${agent.cpuShare}`)
  assert.ok(agent.memory > 1e6)
  assert.ok(all.rss > agent.memory / 2 && all.uptime > 0)
  assert.equal(url, 'http://127.0.0.1:1')
})

test('a file that comes later is waited for, one that never comes is given up', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'loopscope-appears-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'a')
  assert.equal(await appears(path, 60), false)
  setTimeout(() => writeFileSync(path, ''), 80)
  assert.equal(await appears(path, 5000), true)
})
