import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCli } from '../testing/cli.ts'
import { openPty } from '../testing/pty.ts'
import { startChild, tail, withAgent } from './child.ts'
import { descendsFrom, familySockets, isLauncher } from './family.ts'

const PROGRAM = `
import { createServer } from 'node:http'
process.on('SIGTERM', () => { if (!process.env.STUBBORN) process.exit(0) })
console.log('hello from the program \\x1b[31m' + process.pid)
createServer((request, response) => response.end('ok')).listen(0)
if (process.env.END_AFTER) setTimeout(() => { console.error('the last words'); process.exit(7) }, Number(process.env.END_AFTER))
`

const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

suite('run', () => {
  let directory: string
  let program: string
  const env = (more: Record<string, string> = {}) => ({
    XDG_RUNTIME_DIR: directory,
    LOOPSCOPE_LISTEN: 'unix',
    OTEL_SERVICE_NAME: 'small',
    ...more,
  })
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
    program = join(directory, 'program.mjs')
    writeFileSync(program, PROGRAM)
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  test('without a terminal it prints the overview, passes output through and the exit code on', async () => {
    const { code, stdout, stderr } = await runCli(['run', '--interval', '0.5', '--', process.execPath, program], {
      env: env({ END_AFTER: '3000' }),
    })
    assert.match(stdout, /^loopscope {2}small {3}pid \d+/m)
    assert.match(stderr, /hello from the program/)
    assert.match(stderr, /the last words/)
    assert.doesNotMatch(stdout, /\x1b|hello/)
    assert.equal(code, 7)
  })

  test('what can not be started is one line with a remedy', async () => {
    const { code, stderr } = await runCli(['run', '--', 'no-such-command-anywhere'])
    assert.equal(code, 1)
    assert.match(stderr, /^loopscope: cannot start no-such-command-anywhere: there is no such command; .*\n$/)
  })

  test('in a terminal: the view opens, and quitting ends the program and shows the end of its output', async () => {
    const pty = openPty(['run', '--', process.execPath, program], { env: env() })
    await pty.shows(/small {2}● live/, 15_000)
    pty.type('q')
    assert.equal((await pty.ended).exitCode, 0)
    await sleep(50)
    const text = pty.screen()
    assert.match(text, /its output is in .*loopscope-run-\d+\.log, which ends:/)
    const pid = Number(/hello from the program (\d+)/.exec(text)![1])
    assert.equal(alive(pid), false, 'the program is over')
    rmSync(/(\/\S+\.log)/.exec(text)![1]!, { force: true })
  })

  test('in a terminal: the end of the program ends the view, with its code', async () => {
    const pty = openPty(['run', '--', process.execPath, program], {
      env: env({ END_AFTER: '2500' }),
      columns: 120,
      rows: 30,
    })
    await pty.shows(/small {2}● live/, 15_000)
    assert.equal((await pty.ended).exitCode, 7)
    await sleep(50)
    assert.match(pty.screen(), /the program ended with code 7[\s\S]*the last words/)
    rmSync(/(\/\S+\.log)/.exec(pty.screen())![1]!, { force: true })
  })

  test('a program that ignores the signal is killed after a while', async () => {
    const command = [process.execPath, program]
    const child = await startChild({
      command,
      env: { ...process.env, ...env({ STUBBORN: '1' }) },
      cwd: directory,
      toFile: true,
      killAfterMs: 300,
    })
    while (!tail(child.log!, 1)[0]?.startsWith('hello')) await sleep(20)
    assert.doesNotMatch(tail(child.log!, 1)[0]!, /\x1b/, 'its output is shown without its colours')
    const before = Date.now()
    await child.end()
    assert.ok(Date.now() - before >= 290, 'it had its time')
    assert.equal(await child.ended, 137)
    assert.equal(alive(child.pid), false)
    rmSync(child.log!, { force: true })
  })

  test('ending loopscope ends the program', async () => {
    const outcome = await runCli(['run', '--interval', '0.5', '--', process.execPath, program], {
      env: env(),
      onOutput: (text, child) => void (/small/.test(text) && child.kill('SIGTERM')),
    })
    assert.equal(outcome.code, 143)
    const pid = Number(/hello from the program \x1b\[31m(\d+)/.exec(outcome.stderr)![1])
    assert.equal(alive(pid), false)
  })
})

test('the agent comes first in NODE_OPTIONS, and what was there stays', () => {
  assert.equal(withAgent(undefined, 'file:///a.js'), '--import file:///a.js')
  assert.equal(withAgent('--max-old-space-size=99', 'file:///a.js'), '--import file:///a.js --max-old-space-size=99')
})

test('the family of a process is itself and what descends from it; a launcher is left out', () => {
  const parents: Record<number, number> = { 30: 20, 20: 10, 10: 1, 40: 1 }
  const parent = (pid: number) => parents[pid] ?? null
  assert.equal(descendsFrom(30, 10, parent), true)
  assert.equal(descendsFrom(40, 10, parent), false)
  assert.equal(
    descendsFrom(50, 10, () => 50),
    false,
    'a circle ends',
  )
  const sockets = [10, 30, 40].map((pid) => ({ pid, path: '' }))
  assert.deepEqual(
    familySockets(sockets, 10, 'node', parent).map(({ pid }) => pid),
    [10, 30],
  )
  assert.deepEqual(
    familySockets(sockets, 10, '/usr/bin/npm', parent).map(({ pid }) => pid),
    [30],
  )
  assert.deepEqual(['npm', 'npx.cmd', 'node', 'npm-like'].map(isLauncher), [true, true, false, false])
})
