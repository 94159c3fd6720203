/** After a long rest the worker is asleep: the first turn wakes it in time for what a timer runs in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlockRow } from '@loopscope/collector/protocol'
import { start } from './support/program.ts'

/** A busy machine took the processor away; that is nobody's name. */
function isStarved({ cause, duration, evidence }: BlockRow): boolean {
  return cause === 'cpu-starved' || cause === 'suspended' || (evidence.runDelay ?? 0) > duration / 4
}

/** One block comes a second, and on a busy machine most are starved. */
const LONG_MS = 40_000

test('what a timer runs after a long rest is named, the first time too', async (t) => {
  const running = start(t, 'job.js', { environment: { LOOPSCOPE_BLOCK_MS: '50' } })
  await running.ready()
  const blocks = await running.until(
    'three blocks',
    async () => {
      const found = (await running.table('blocks')).filter((row) => !row.open && !row.startup && !isStarved(row))
      return found.length >= 3 ? found : undefined
    },
    LONG_MS,
  )
  t.diagnostic(blocks.map(({ duration, evidence }) => `${duration.toFixed(0)} ms, ${evidence.samples}`).join('; '))
  // A machine that gives the worker no processor meanwhile may cost one of them its name.
  const named = blocks.filter((row) => row.function === 'tidyUp' && row.file === 'agent/test/programs/job.js')
  assert.ok(named.length >= 2, JSON.stringify(blocks.map((row) => [row.function, row.cause, row.duration])))
})
