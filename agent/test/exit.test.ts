/** A program ends as it would without the agent: in time, with the same code, saying the same. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import { portOf } from './support/http.ts'
import { run, socketOf, start } from './support/program.ts'

suite('the end of a program', () => {
  test('an idle program exits by itself, when its work is done', async (t) => {
    const began = performance.now()
    const bare = await run(t, 'idle.js', { node: [] })
    const between = performance.now()
    const observed = await run(t, 'idle.js')
    const end = performance.now()
    assert.deepEqual(observed, bare)
    const longer = end - between - (between - began)
    t.diagnostic(`${longer.toFixed(0)} ms longer with the agent`)
    assert.ok(longer < 1500, `${longer} ms longer`)
  })

  test('a program with nothing to do exits at once, again and again', async (t) => {
    for (let round = 0; round < 8; round++) {
      const { code, signal } = await run(t, 'hello.mjs')
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, `round ${round}`)
    }
  })

  for (const way of [
    'exit-3',
    'exit-code',
    'exit-later',
    'before-exit',
    'throw',
    'throw-later',
    'reject',
    'top-level-await',
    'abort',
  ]) {
    test(`exit code, output and errors are the same: ${way}`, async (t) => {
      const bare = await run(t, 'exit.js', { node: [], args: [way] })
      const observed = await run(t, 'exit.js', { args: [way] })
      assert.match(bare.stdout, /^begun\n/)
      assert.deepEqual(observed, bare)
    })
  }

  test('SIGTERM ends it', async (t) => {
    const running = start(t, 'server.js')
    await portOf(running)
    await running.ready()
    assert.ok(existsSync(socketOf(running.pid)))
    const { signal, stderr } = await running.stop('SIGTERM')
    assert.deepEqual({ signal, stderr }, { signal: 'SIGTERM', stderr: '' })
  })

  test('a regular exit leaves no socket behind', async (t) => {
    const running = start(t, 'echo.js')
    await running.ready()
    assert.ok(existsSync(socketOf(running.pid)))
    running.child.stdin!.end()
    const { code, stderr } = await running.ended
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.ok(!existsSync(socketOf(running.pid)), 'the socket is still there')
  })
})
