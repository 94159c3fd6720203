/** Nothing is reported of a program that does nothing wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BlockRow } from '@loopscope/collector/protocol'
import { get, portOf } from './support/http.ts'
import { start, type Running } from './support/program.ts'

/**
 * Blocks that the machine did not make. On a busy one the kernel takes the processor away: from the loop, and then it says
 * so, or from the agent's worker as well, and then nobody saw what ran. A long start-up is no block but shown as such.
 */
function ownBlocks(rows: readonly BlockRow[]): BlockRow[] {
  return rows.filter((row) => {
    const { cause, duration, evidence, startup } = row
    const isStarved = cause === 'cpu-starved' || (evidence.runDelay ?? 0) > duration / 2
    return !isStarved && row.function !== null && !startup
  })
}

async function watch(running: Running, ms: number): Promise<void> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    assert.deepEqual(ownBlocks(await running.table('blocks')), [])
    await sleep(100)
  }
}

test('an idle server has no block, start-up included, and no use of its loop', async (t) => {
  const running = start(t, 'server.js', { environment: { LOOPSCOPE_BLOCK_MS: '50' } })
  const port = await portOf(running)
  await running.ready()
  await watch(running, 1500)
  for (let i = 0; i < 5; i++) await get(port, '/')
  await watch(running, 300)
  const [loop] = await running.table('loop')
  assert.ok(loop!.utilization < 0.2, `utilization ${loop!.utilization}`)
  assert.equal(loop!.blockedNow, null)
  assert.deepEqual(
    (await running.table('tasks')).filter((task) => task.kind === 'request'),
    [],
  )
})

test('a loop that is busy all the time with short callbacks has no block, and its turns are counted', async (t) => {
  const running = start(t, 'many-short.js', { environment: { LOOPSCOPE_BLOCK_MS: '200' } })
  await running.printed(/begun/)
  await running.ready()
  const began = performance.now()
  await sleep(1500)
  // A machine that stands still for a moment makes one or two; the callbacks would make one as long as the test.
  const blocks = ownBlocks(await running.table('blocks'))
  const sum = blocks.reduce((sum, { duration }) => sum + duration, 0)
  assert.ok(blocks.length < 3 && sum < (performance.now() - began) / 2, JSON.stringify(blocks))
  const [loop] = await running.table('loop')
  assert.ok(loop!.utilization > 0.5, `utilization ${loop!.utilization}`)
  assert.ok(loop!.turnsPerSecond > 500, `${loop!.turnsPerSecond} turns a second`)
})
