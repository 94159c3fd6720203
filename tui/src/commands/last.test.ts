/** `loopscope blocks --last`, as a person runs it, on records that were laid out. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { BLACK_BOX_VERSION, type BlackBoxRecord } from '@loopscope/collector/protocol'
import { snapshotOf } from '../../../collector/src/testing/snapshot.ts'
import { runCli } from '../testing/cli.ts'

const NOBODY = 99_999_999

function setup(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'loopscope/blocks'), { recursive: true })
  const { open: _open, ...block } = snapshotOf().blocks.find((row) => row.open)!
  const record: BlackBoxRecord = {
    ...{ version: BLACK_BOX_VERSION, writtenAt: Date.now() - 90_000, service: 'shop', pid: NOBODY, host: hostname() },
    ...{ node: '24.0.0', agent: '0.1.0', startedAt: 1, cwd: '/srv', script: 'server.js', command: 'node server.js' },
    ...{ processStart: '5', block },
  }
  const add = (name: string, more: Partial<BlackBoxRecord> = {}): void =>
    writeFileSync(join(directory, 'loopscope/blocks', name), JSON.stringify({ ...record, ...more }))
  const last = (...args: string[]) =>
    runCli(['blocks', '--last', ...args], { env: { XDG_STATE_HOME: directory, TMPDIR: directory } })
  return { directory, block, add, last }
}

suite('blocks --last', { concurrency: 2 }, () => {
  test('shows what killed processes were stuck in, the newest first and with its stack', async (t) => {
    const { add, last } = setup(t)
    add('a.told.json')
    add('b.json', { service: 'mail', writtenAt: Date.now() - 30_000 })
    add('alive.json', { pid: process.pid, service: 'alive', processStart: null })
    const { code, stdout, stderr } = await last()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.match(
      stdout,
      /^ +AGO +SERVICE .*\n +3\ds +mail +\d+ +main +4\.2s +validateCoupon +src\/coupon\.ts:12:9 +POST \/coupon +12\n +1m3\ds +shop .*\n\nmail, pid \d+ \(node server\.js\): last alive at [\d:]+, after 4\.2s in\n {2}validateCoupon {2}src\/coupon\.ts:12:9\n$/,
    )
    assert.match((await last('shop', '--limit', '1')).stdout, /^ +AGO.*\n +1m3\ds +shop/)
  })

  test('--json is the records; without one it says so, and ends well', async (t) => {
    const { add, last, block } = setup(t)
    assert.match((await last()).stdout, /^No process was killed in the middle of a block/)
    add('a.json')
    const { items } = JSON.parse((await last('--json')).stdout) as { items: BlackBoxRecord[] }
    assert.deepEqual(
      items.map((item) => item.block),
      [JSON.parse(JSON.stringify(block))],
    )
  })

  test('a service without a record, and options of a live source, are one line with a remedy', async (t) => {
    const { add, last } = setup(t)
    add('a.json')
    const none = await last('nope')
    assert.deepEqual(
      [none.code, none.stderr],
      [1, 'loopscope: no process of "nope" was killed in the middle of a block; there are records of: shop\n'],
    )
    const watch = await last('--watch')
    assert.deepEqual(
      [watch.code, watch.stderr],
      [2, 'loopscope: --last reads what is on disk, so --watch has no meaning; leave one of them out\n'],
    )
  })

  test('nothing that a program named reaches the terminal as an escape code', async (t) => {
    const { add, last, block } = setup(t)
    add('a.json', {
      service: 'evil\u001b[2J',
      command: '\u001b]0;x\u0007',
      block: { ...block, function: 'f\u001b[31m', route: '\u202e' },
    })
    const { stdout } = await last()
    assert.match(stdout, /evil/)
    assert.doesNotMatch(stdout, /[\u001b\u0007\u202e]/)
  })
})
