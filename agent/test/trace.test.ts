/** A block inside of a sampled OpenTelemetry span of the program carries its ids, in the API and as an exemplar. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './support/program.ts'

const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

test('a block in a sampled span carries its trace, one in another span does not', async (t) => {
  const running = start(t, 'traced.js')
  await running.printed(/held twice/)
  const blocks = await running.until('both blocks', async () => {
    const rows = (await running.table('blocks')).filter((row) => row.function === 'hold')
    return rows.length >= 2 ? rows : undefined
  })
  const oldestFirst = [...blocks].sort((a, b) => a.at - b.at)
  assert.deepEqual(
    oldestFirst.map((row) => row.trace),
    [TRACE, null],
  )

  // A block is counted when its late evidence is in.
  const exemplars = await running.until('the exemplar', async () => {
    const { body } = await running.ask('/metrics', { accept: 'application/openmetrics-text; version=1.0.0' })
    const lines = body.split('\n').filter((line) => line.includes('block_duration') && line.includes(TRACE.traceId))
    return lines.length > 0 ? lines : undefined
  })
  assert.equal(exemplars.length, 1)
  assert.match(exemplars[0]!, /span_id="b7ad6b7169203331"/)
})
