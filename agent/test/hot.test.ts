/** Who holds the loop, by the sampler: two functions with known shares. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './support/program.ts'

/** Seconds at 20 samples for each busy second. */
const SAMPLES = 60

test('the samples find two functions in the proportion of their work', async (t) => {
  const running = start(t, 'hot.js')
  const rows = await running.until(
    `${SAMPLES} samples`,
    async () => {
      const rows = await running.table('hot')
      return rows.reduce((sum, row) => sum + row.samples, 0) >= SAMPLES ? rows : undefined
    },
    30_000,
  )
  const shareOf = (name: string): number =>
    rows.filter((row) => row.function === name).reduce((sum, row) => sum + row.share, 0)
  const heavy = shareOf('heavy')
  const light = shareOf('light')
  const error = Math.sqrt((0.75 * 0.25) / SAMPLES)
  t.diagnostic(`heavy ${heavy.toFixed(2)}, light ${light.toFixed(2)}, one standard error ${error.toFixed(2)}`)
  assert.equal(rows[0]!.function, 'heavy')
  assert.equal(rows[0]!.file, 'agent/test/programs/hot.js')
  assert.ok(Math.abs(heavy / (heavy + light) - 0.75) < 4 * error)
  // A loop that waits for a processor is seen where it goes on, often in Node's own code.
  assert.ok(heavy + light > 0.5, 'most of what is seen')
  for (const row of rows) {
    assert.ok(row.share > 0 && row.share <= 1 && row.error >= 0 && row.error < 0.5, JSON.stringify(row))
    assert.ok(row.time > 0)
  }
  const total = rows.reduce((sum, row) => sum + row.share, 0)
  assert.ok(Math.abs(total - 1) < 1e-6, `shares add up to ${total}`)
})
