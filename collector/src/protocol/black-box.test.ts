import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { snapshotOf, SNAPSHOT_NOW } from '../testing/snapshot.ts'
import {
  BLACK_BOX_VERSION,
  blackBoxDirectories,
  fatalRow,
  hasEnded,
  parseRecord,
  startOfStat,
  type BlackBoxRecord,
  type ProcessView,
} from './black-box.ts'

const record: BlackBoxRecord = {
  version: BLACK_BOX_VERSION,
  writtenAt: SNAPSHOT_NOW,
  service: 'shop',
  pid: 7,
  host: 'here',
  node: '24.21.0',
  agent: '0.1.0',
  startedAt: SNAPSHOT_NOW - 60_000,
  cwd: '/srv/shop',
  script: 'server.js',
  command: 'node server.js',
  processStart: '1234',
  block: snapshotOf().blocks.find((row) => row.open)!,
}

suite('records are', () => {
  const place = {
    platform: 'linux',
    uid: 1000,
    environment: {},
    temporaryDirectory: '/tmp',
    homeDirectory: '/home/ada',
  }

  test('in the state directory of the user, else in the temporary one', () => {
    const temporary = '/tmp/loopscope-1000/state'
    assert.deepEqual(blackBoxDirectories(place), ['/home/ada/.local/state/loopscope/blocks', temporary])
    const environment = { XDG_STATE_HOME: '/var/state' }
    assert.deepEqual(blackBoxDirectories({ ...place, environment }), ['/var/state/loopscope/blocks', temporary])
    assert.deepEqual(blackBoxDirectories({ ...place, homeDirectory: '' }), [temporary])
  })

  test('not where a relative path would lead', () => {
    const directories = blackBoxDirectories({ ...place, environment: { XDG_STATE_HOME: 'state' } })
    assert.equal(directories[0], '/home/ada/.local/state/loopscope/blocks')
  })
})

test('what is read is what was written; anything else is no record', () => {
  assert.deepEqual(parseRecord(JSON.stringify(record)), record)
  const { block, ...rest } = record
  const wrong: unknown[] = [
    null,
    [],
    'text',
    rest,
    { ...record, version: 2 },
    { ...record, pid: '7' },
    { ...record, writtenAt: null },
    { ...record, processStart: 3 },
    { ...rest, block: null },
    { ...rest, block: { ...block, duration: 'long' } },
    { ...rest, block: { ...block, stack: undefined } },
    { ...rest, block: { ...block, victims: null } },
  ]
  for (const value of wrong)
    assert.equal(parseRecord(JSON.stringify(value)), undefined, JSON.stringify(value).slice(0, 80))
  assert.equal(parseRecord('{"version":1'), undefined)
})

suite('a process has ended', () => {
  const view = (startOf: ProcessView['startOf'], more: Partial<ProcessView> = {}): ProcessView => ({
    host: 'here',
    now: SNAPSHOT_NOW + 100,
    startOf,
    ...more,
  })

  test('when there is none of its number, or a younger one has it', () => {
    assert.equal(
      hasEnded(
        record,
        view(() => null),
      ),
      true,
    )
    assert.equal(
      hasEnded(
        record,
        view(() => '99999'),
      ),
      true,
    )
    assert.equal(
      hasEnded(
        record,
        view(() => '1234'),
      ),
      false,
    )
  })

  test('not when nobody can tell', () => {
    assert.equal(
      hasEnded(
        record,
        view(() => undefined),
      ),
      false,
    )
    assert.equal(
      hasEnded(
        { ...record, processStart: null },
        view(() => '1234'),
      ),
      false,
    )
  })

  test('on another host when it was silent for longer than it would be', () => {
    const never = (): never => assert.fail('it is not a process of this host')
    assert.equal(hasEnded(record, view(never, { host: 'there' })), false)
    assert.equal(hasEnded(record, view(never, { host: 'there', now: SNAPSHOT_NOW + 61_000 })), true)
  })
})

test('the row of a killed process is closed, fatal, and says who tells of it', () => {
  const row = fatalRow(record, 'id', 'here:8')
  assert.deepEqual([row.id, row.fatal, row.open, row.successor], ['id', true, undefined, 'here:8'])
  assert.deepEqual([row.instance, row.duration], [record.block.instance, record.block.duration])
})

test('the start of a process is read behind a name that may hold anything', () => {
  const fields = Array.from({ length: 50 }, (_, i) => String(i + 3))
  assert.equal(startOfStat(`7 (a) b) (c) ${fields.join(' ')}`), '22')
})
