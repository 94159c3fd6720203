/** Programs that replace what the agent stands on: timers, and code that has no file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get, portOf, repeatedly } from './support/http.ts'
import { start } from './support/program.ts'

test('fake timers of the program do not stop the heartbeat', async (t) => {
  const running = start(t, 'fake-timers.js')
  const port = await portOf(running)
  await running.ready()
  assert.equal((await get(port, '/')).body, '0', "the program's clock stands still")
  const again = repeatedly(port, '/block')
  const block = await running.until('a block', async () => {
    await again()
    return (await running.table('blocks')).find((row) => !row.open && row.duration > 140)
  })
  assert.equal(block.file, 'agent/test/programs/fake-timers.js')
  assert.ok(block.duration > 140 && block.duration < 1500, `${block.duration} ms`)
  assert.ok(Math.abs(Date.now() - block.at) < 30_000, 'on the real clock')
  assert.equal(running.stderr, '')
})

test('code from eval, new Function and a vm context is blamed as far as it can be named', async (t) => {
  const running = start(t, 'eval.js')
  await running.ready()
  const ways = new Map<string, string>()
  let askedAt = -Infinity
  await running.until('a block of each way', async () => {
    // One that a busy machine hides comes again.
    if (performance.now() - askedAt > 3000) {
      running.child.stdin!.write('go\n')
      askedAt = performance.now()
    }
    for (const { open, stack, function: name, file, line } of await running.table('blocks')) {
      const way = stack.find((frame) => /^by(Eval|Function|Context)$/.test(frame.function))
      if (!open && way?.file === 'agent/test/programs/eval.js') ways.set(way.function, `${name} ${file}:${line}`)
    }
    return ways.size === 3 || undefined
  })
  for (const [way, culprit] of ways) t.diagnostic(`${way}: ${culprit}`)
})
