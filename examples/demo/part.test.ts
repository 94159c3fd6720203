import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { failure, startPart } from './part.ts'

const directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const log = join(directory, 'part.log')

function program(source: string) {
  return startPart({ name: 'program', args: ['--eval', source], cwd: directory, log })
}

/** A process that was killed is gone once its parent has seen it; one of nobody's children once init has. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a part is ready when it says so, and stops with SIGTERM', async () => {
  const part = await program("console.log('listening on', 42); setInterval(() => {}, 1000)")
  assert.equal((await part.says(/listening on (\d+)/, 5000))[1], '42')
  assert.ok(alive(part.pid))
  await part.stop()
  assert.deepEqual(await part.ended, { code: null, signal: 'SIGTERM' })
  assert.ok(!alive(part.pid))
})

test('a part that ends before it is ready, or while it is needed, says what it said last, and where', async () => {
  const part = await program("console.error('no database'); process.exitCode = 3")
  const expected = { message: /program ended unexpectedly \(exit code 3\)[^]*\| no database$/, log }
  await assert.rejects(part.says(/never said/, 5000), expected)
  await assert.rejects(failure(part, log), expected)
})

test('a part that is not ready in time is named', async () => {
  const part = await program('setInterval(() => {}, 1000)')
  await assert.rejects(part.says(/never said/, 50), /program is not ready after 0.05 s/)
  await part.stop()
})

test('when its owner is killed with SIGKILL, the reaper ends the others and removes the directory', async () => {
  const scratch = mkdtempSync(join(directory, 'scratch-'))
  const sleeper = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  const owner = `
    import { startReaper } from ${JSON.stringify(join(import.meta.dirname, 'reaper.ts'))}
    startReaper(${JSON.stringify(scratch)}).watch(${sleeper.pid})
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100)`
  const ended = new Promise((resolve) => sleeper.once('exit', (_, signal) => resolve(signal)))
  spawn(process.execPath, ['--input-type=module', '--eval', owner], { stdio: 'inherit' })
  assert.equal(await ended, 'SIGTERM')
  for (let i = 0; i < 1000 && existsSync(scratch); i++) await sleep(10)
  assert.ok(!existsSync(scratch))
})
