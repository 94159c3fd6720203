import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BLACK_BOX_VERSION, type BlackBoxRecord } from '@loopscope/collector/protocol'
import { inherit, startOf } from './inherit.ts'

const NOW = Date.now()
/** No process has it: Linux gives no number above 2^22. */
const NOBODY = 99_999_999

const record: BlackBoxRecord = {
  ...{ version: BLACK_BOX_VERSION, writtenAt: NOW - 5000, service: 'shop', pid: NOBODY, host: 'here', node: '24.0.0' },
  ...{ agent: '0.1.0', startedAt: 1, cwd: '/srv', script: 'server.js', command: 'node server.js', processStart: '5' },
  block: {
    ...{ id: 'here:1:open', instance: 'here:1', thread: 'main', at: 0, duration: 9000, cause: 'js', function: 'f' },
    ...{ file: 'a.js', line: 1, column: 1, api: null, stack: [], activity: null, route: null, trace: null, open: true },
    victims: { count: 0, time: 0, byRoute: {} },
    evidence: { samples: 1 },
  },
}

function setup(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ls-box-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return {
    directory,
    add: (name: string, more: object = {}) =>
      writeFileSync(join(directory, name), JSON.stringify({ ...record, ...more })),
    files: () => readdirSync(directory).sort(),
    take: () => {
      const program = { ...record, pid: process.pid, startedAt: 2 }
      return inherit([join(directory, 'nothing-here'), directory], program, 'here:2', NOW).map(({ row }) => row)
    },
  }
}

test('what a killed process of the same program was in is told once, the newest first', (t) => {
  const { add, take, files } = setup(t)
  add('a.json')
  add('b.json', { writtenAt: NOW - 1000 })
  const rows = take()
  assert.deepEqual(
    rows.map((row) => row.id),
    ['here:1:b', 'here:1:a'],
  )
  assert.deepEqual(
    rows.map((row) => [row.fatal, row.successor, row.open]),
    Array(2).fill([true, 'here:2', undefined]),
  )
  assert.deepEqual([take(), files()], [[], ['a.told.json', 'b.told.json']])
})

test('another service, host, directory or script is another program; and one that lives is not over', (t) => {
  const { add, take, files } = setup(t)
  const others = { service: 'mail', host: 'there', cwd: '/opt', script: 'other.js' }
  for (const [key, value] of Object.entries(others)) add(`${key}.json`, { [key]: value, writtenAt: 0 })
  add('alive.json', { pid: process.pid, processStart: startOf(process.pid) ?? null })
  const before = files()
  assert.deepEqual([take(), files()], [[], before])
})

test(
  'a number that came round again is another process',
  { skip: startOf(1) === undefined && 'the system does not tell when a process started' },
  (t) => {
    const { add, take } = setup(t)
    add('again.json', { pid: process.pid })
    assert.equal(take().length, 1)
  },
)

test('what its own dead worker left behind is taken away', (t) => {
  const { add, take, files } = setup(t)
  add('own.json', { pid: process.pid, startedAt: 2 })
  assert.deepEqual([take(), files()], [[], []])
})

test('what is no record, or no row that others could take, is passed over', (t) => {
  const { add, take, directory } = setup(t)
  writeFileSync(join(directory, 'broken.json'), '{"version":1')
  add('version.json', { version: 99 })
  add('stack.json', { block: { ...record.block, stack: [{ evil: true }] } })
  add('good.json')
  assert.deepEqual(
    take().map((row) => row.id),
    ['here:1:good'],
  )
})
