/** Programs that replace what the agent stands on: timers, and code that has no file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get, portOf } from './support/http.ts'
import { start } from './support/program.ts'

test('fake timers of the program do not stop the heartbeat', async (t) => {
  const running = start(t, 'fake-timers.js')
  const port = await portOf(running)
  await running.ready()
  assert.equal((await get(port, '/')).body, '0', "the program's clock stands still")
  await get(port, '/block')
  const block = await running.until('a block', async () =>
    (await running.table('blocks')).find((row) => !row.open && row.duration > 140),
  )
  assert.equal(block.file, 'agent/test/programs/fake-timers.js')
  assert.ok(block.duration > 140 && block.duration < 1500, `${block.duration} ms`)
  assert.ok(Math.abs(Date.now() - block.at) < 30_000, 'on the real clock')
  assert.equal(running.stderr, '')
})

test('code from eval, new Function and a vm context is blamed as far as it can be named', async (t) => {
  const running = start(t, 'eval.js')
  await running.ready()
  running.child.stdin!.write('go\n')
  const ways = new Set<string>()
  await running.until('three blocks', async () => {
    for (const block of await running.table('blocks')) {
      const isOwn = block.stack.some((frame) => frame.file === 'agent/test/programs/eval.js')
      if (!block.open && isOwn && block.duration > 110) ways.add(`${block.function} ${block.file}:${block.line}`)
    }
    return ways.size === 3 || undefined
  })
  for (const way of ways) t.diagnostic(way)
})
