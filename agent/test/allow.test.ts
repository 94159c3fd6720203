/** allowBlocking in a real program: its blocks say why, and are counted apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run, start } from './support/program.ts'

test('blocks inside allowBlocking say why, now and after an await; those outside are trouble as ever', async (t) => {
  const running = start(t, 'allowed.js')
  await running.printed(/^ready$/m)
  await running.ready()
  running.child.stdin!.write('go\n')
  await running.printed(/^same true thrown 1$/m)
  const rows = await running.until('all blocks', async () => {
    const rows = (await running.table('blocks')).filter((row) => !row.open && !row.startup && row.duration > 100)
    return rows.length === 6 ? rows.reverse() : undefined
  })
  const reasons = ['warm-up', 'nightly import', 'nightly import', undefined, 'throws', undefined]
  for (const [i, row] of rows.entries()) {
    // What comes after an await is known by its captures alone; a busy machine may have left no time for one.
    if (i !== 2 || row.evidence.samples > 0) assert.equal(row.allowed, reasons[i], JSON.stringify(row))
    if (row.function !== null) assert.equal(row.function, 'hold')
  }

  const isSeen = rows[2]!.allowed !== undefined
  const culprits = (await running.table('culprits')).filter((row) => !row.startup && row.max > 100)
  const counted = (reason: string | undefined): number =>
    culprits.reduce((sum, row) => (row.allowed === reason ? sum + row.count : sum), 0)
  assert.deepEqual(['warm-up', 'nightly import', 'throws'].map(counted), [1, isSeen ? 2 : 1, 1])
  assert.ok(counted(undefined) >= 2)

  const metrics = await running.until('the counts', async () => {
    const { body } = await running.ask('/metrics')
    return body.includes('loopscope_block_allowed="throws"') ? body : undefined
  })
  const count = (label: string): number =>
    [...metrics.matchAll(/^loopscope_eventloop_block(?:_allowed)?_duration_seconds_count\{([^}]*)\} (\d+)$/gm)]
      .filter((match) => match[1]!.includes(label))
      .reduce((sum, match) => sum + Number(match[2]), 0)
  assert.deepEqual([count('allowed="nightly import"'), count('allowed="warm-up"')], [isSeen ? 2 : 1, 1])
})

test('without the agent it is a call and nothing more', async (t) => {
  const { stdout, stderr } = await run(t, 'allowed.js', { node: [], input: 'go\n' })
  assert.deepEqual({ stdout, stderr }, { stdout: 'ready\nsame true thrown 1\n', stderr: '' })
})
