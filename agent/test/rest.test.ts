/** After a long rest the worker is asleep: the first turn wakes it in time for what a timer runs in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './support/program.ts'

test('what a timer runs after a long rest is named, the first time too', async (t) => {
  const running = start(t, 'job.js', { environment: { LOOPSCOPE_BLOCK_MS: '50' } })
  await running.ready()
  const blocks = await running.until('three blocks', async () => {
    const found = (await running.table('blocks')).filter((row) => !row.open && !row.startup)
    return found.length >= 3 ? found : undefined
  })
  t.diagnostic(blocks.map(({ duration, evidence }) => `${duration.toFixed(0)} ms, ${evidence.samples}`).join('; '))
  // A machine that gives the worker no processor for 30 ms may cost one of them its name.
  const named = blocks.filter((row) => row.function === 'tidyUp' && row.file === 'agent/test/programs/job.js')
  assert.ok(named.length >= 2, JSON.stringify(blocks.map((row) => [row.function, row.cause, row.duration])))
})
