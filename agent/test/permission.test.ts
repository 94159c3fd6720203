/**
 * Under Node's permission model: what is missing is said in one line, and the process is never aborted (connecting an
 * inspector without the right to does that).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portOf, repeatedly } from './support/http.ts'
import { AGENT, run, start } from './support/program.ts'

const READ = ['--permission', '--allow-fs-read=*']
/** Node 25 and newer ask for the network as well. */
const NET = Number(process.versions.node.split('.')[0]) >= 25 ? ['--allow-net'] : []
const own = (stderr: string): string[] => stderr.split('\n').filter((line) => line.startsWith('loopscope:'))

test('without --allow-worker it stands down', async (t) => {
  for (const more of [[], ['--allow-inspector'], ['--allow-fs-write=*']]) {
    const { code, signal, stdout, stderr } = await run(t, 'hello.mjs', { node: [...READ, ...more, ...AGENT] })
    assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'hello.mjs: agent false\n' })
    assert.equal(own(stderr).length, 1, stderr)
    assert.match(own(stderr)[0]!, /standing down: .*--allow-worker/)
  }
})

test('without --allow-inspector it measures blocks and names nobody', async (t) => {
  const running = start(t, 'troubles.js', { node: [...READ, '--allow-worker', '--allow-fs-write=*', ...NET, ...AGENT] })
  const port = await portOf(running)
  await running.ready()
  const again = repeatedly(port, '/loop')
  const block = await running.until('a block', async () => {
    await again()
    return (await running.table('blocks')).find((row) => !row.open && row.duration > 140)
  })
  assert.deepEqual([block.function, block.evidence.samples], [null, 0])
  assert.equal(own(running.stderr).length, 1, running.stderr)
  assert.match(own(running.stderr)[0]!, /needs --allow-inspector/)
})

test('with worker and inspector it is whole', async (t) => {
  const rights = ['--allow-worker', '--allow-inspector', '--allow-fs-write=*', ...NET]
  const running = start(t, 'troubles.js', { node: [...READ, ...rights, ...AGENT] })
  const port = await portOf(running)
  await running.ready()
  const again = repeatedly(port, '/loop')
  const block = await running.until('a named block', async () => {
    await again()
    return (await running.table('blocks')).find((row) => !row.open && row.function === 'spin')
  })
  assert.equal(block.route, 'GET /loop')
  assert.deepEqual(own(running.stderr), [])
})

test('with the right to read its own files only', async (t) => {
  const read = new URL('../../', import.meta.url).pathname
  const node = ['--permission', `--allow-fs-read=${read}*`, '--allow-worker', '--allow-inspector', ...AGENT]
  const { code, signal, stdout, stderr } = await run(t, 'hello.mjs', { node })
  assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'hello.mjs: agent true\n' }, stderr)
})
