/** The agent's worker dies, and the ring overflows: the program never notices. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get, portOf, repeatedly } from './support/http.ts'
import { run, start } from './support/program.ts'

test('a worker that dies is started again, and knows blocks and names as before', async (t) => {
  const running = start(t, 'bad-neighbour.js')
  const port = await portOf(running)
  await running.ready()
  const again = repeatedly(port, '/block')
  await running.until('a block', async () => {
    await again()
    return (await running.table('blocks')).find((row) => row.function !== null)
  })

  running.child.stdin!.write('now\n')
  await running.until('the line', () => running.stderr || undefined)
  assert.match(running.stderr, /^loopscope: the agent's worker died \([^\n]*\); starting it again\n$/)
  assert.equal((await get(port, '/')).body, 'ok')
  await running.ready()
  const block = await running.until('a block of after', async () => {
    await again()
    return (await running.table('blocks')).find((row) => row.function !== null && !row.open)
  })
  assert.equal(block.file, 'agent/test/programs/bad-neighbour.js')
  assert.equal((await running.table('routes')).length, 1, 'names of before are still known')
  const { code, stdout } = await running.stop('SIGTERM')
  assert.equal(code, 0)
  assert.match(stdout, /^port \d+\n$/, 'nothing on stdout')
})

test('a flood of events is counted where it is not kept, and nothing of it stays in flight', async (t) => {
  const running = start(t, 'flood.js')
  const [, ended] = await running.printed(/^ended (\d+)$/m)
  assert.equal(ended, '300000')
  await running.ready()
  const totals = async (): Promise<{ dropped: number; events: number }> => {
    const { body } = await running.ask('/metrics')
    const value = (name: string): number => Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(body)?.[1])
    return { dropped: value('loopscope_agent_dropped_total'), events: value('loopscope_agent_events_total') }
  }
  // 600,000 of the flood, and a few of the turns: each was read or counted as lost.
  const { dropped, events } = await running.until('all events', async () => {
    const counted = await totals()
    return counted.dropped + counted.events >= 600_000 ? counted : undefined
  })
  t.diagnostic(`${dropped} dropped, ${events} read`)
  assert.ok(dropped + events < 601_000)
  assert.equal((await running.table('instances'))[0]!.cost.dropped, dropped)
  await running.until('nothing in flight', async () => {
    const background = await running.table('background')
    return background.every((row) => row.running === 0) ? background : undefined
  })
  assert.equal(running.stderr, '')
  running.child.stdin!.end()
  assert.equal((await running.ended).code, 0)
})

test('a worker that writes on its streams neither shows up in those of the program nor keeps it alive', async (t) => {
  const { code, signal, stdout, stderr } = await run(t, 'talked-to.js', { node: [] })
  assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: 'done\n', stderr: '' })
})
