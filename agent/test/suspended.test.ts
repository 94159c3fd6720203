/** What the system does to a program is never its code's fault: the process is stopped, a debugger pauses it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BlockRow } from '@loopscope/collector/protocol'
import { WebSocket } from 'ws'
import { AGENT, start, type Running } from './support/program.ts'

const skip = process.platform === 'linux' ? false : 'the kernel of Linux is asked'

async function finished(running: Running, what: string, isIt: (row: BlockRow) => boolean): Promise<BlockRow> {
  return running.until(what, async () => (await running.table('blocks')).find((row) => !row.open && isIt(row)))
}

test('a process that is stopped while its code runs: nobody is blamed', { skip }, async (t) => {
  const running = start(t, 'pieces.js')
  await running.ready()
  await running.printed(/ready/)
  await sleep(700)
  running.child.kill('SIGSTOP')
  await sleep(800)
  running.child.kill('SIGCONT')
  const row = await finished(running, 'a block', ({ duration }) => duration > 700)
  assert.deepEqual([row.cause, row.function], ['suspended', null], JSON.stringify(row.evidence))
  assert.ok(row.evidence.suspended! > 300, `${row.evidence.suspended}`)
})

test('a program that is paused in a debugger: nobody is blamed, not even while that lasts', { skip }, async (t) => {
  const running = start(t, 'debugged.js', { node: ['--inspect=127.0.0.1:0', ...AGENT] })
  const [, url] = await running.until(
    'the address of the inspector',
    () => /listening on (ws:\S+)/.exec(running.stderr) ?? undefined,
  )
  await running.ready()
  const debug = new WebSocket(url!)
  t.after(() => debug.terminate())
  let id = 0
  const tell = (method: string): void => debug.send(JSON.stringify({ id: ++id, method }))
  let paused = false
  debug.on('open', () => tell('Debugger.enable'))
  debug.on('message', (text: Buffer) => (paused ||= text.includes('"Debugger.paused"')))
  await running.until('a pause', () => (paused ? true : undefined))
  // On a busy machine a capture may take too long to tell, then the next ones do.
  const open = await running.until('an open block that says so', async () => {
    const row = (await running.table('blocks')).find((row) => row.open)
    if (row?.open && row.duration > 800 && row.cause === 'suspended') return row
    throw new Error(JSON.stringify(row))
  })
  assert.equal(open.function, null)
  tell('Debugger.resume')
  const row = await finished(running, 'the block', ({ duration }) => duration > 800)
  assert.deepEqual([row.cause, row.function], ['suspended', null], JSON.stringify(row.evidence))
})
