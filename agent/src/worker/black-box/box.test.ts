import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CONTROL, createChannel, parseRecord, type BlockRow } from '@loopscope/collector/protocol'
import { BlackBox, type HeldThread } from './box.ts'

const FACTS = {
  ...{ service: 'shop', pid: 7, host: 'here', node: '24.0.0', agent: '0.1.0', startedAt: 1, cwd: '/srv' },
  ...{ script: 'server.js', command: 'node server.js', processStart: '5' },
}

function blockOf(duration: number, more: Partial<BlockRow> = {}): BlockRow {
  return {
    ...{ id: 'one:open', instance: 'one', thread: 'main', at: 0, duration, cause: 'js', function: 'f', file: 'a.js' },
    ...{ line: 1, column: 1, api: null, stack: [], activity: null, route: null, trace: null, open: true },
    victims: { count: 0, time: 0, byRoute: {} },
    evidence: { samples: 1 },
    ...more,
  }
}

function setup(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const directory = mkdtempSync(join(tmpdir(), 'ls-box-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const { control } = createChannel()
  const lines: string[] = []
  let now = 0
  const open = (...directories: string[]) =>
    new BlackBox({
      directories: directories.length > 0 ? directories : [join(directory, 'a/blocks')],
      process: FACTS,
      control,
      log: (_, __, line) => lines.push(line),
      now: () => now,
      unixNow: Date.now,
    })
  /** A thread whose block began at 0. */
  const thread = (more: Partial<BlockRow> = {}) => {
    const state = { isOpen: true, isClosed: false }
    const held: HeldThread = {
      threadId: 0,
      get isClosed() {
        return state.isClosed
      },
      model: {
        identity: { thread: 'main' },
        blocks: { openRow: (at) => (state.isOpen ? blockOf(at, more) : undefined) },
      },
    }
    return Object.assign(held, { state })
  }
  const pass = (ms: number): void => {
    for (let i = 0; i < ms; i += 100) {
      now += 100
      t.mock.timers.tick(100)
    }
  }
  const records = (where = join(directory, 'a/blocks')) =>
    readdirSync(where).map((name) => parseRecord(readFileSync(join(where, name), 'utf8'))!)
  return { directory, control, lines, open, thread, pass, records, at: (ms: number) => (now = ms) }
}

test('a block is written after a second, and again after a quarter of what it has lasted', (t) => {
  const { open, thread, pass, records, at, directory } = setup(t)
  const box = open()
  const one = thread()
  at(900)
  box.held(one, 900)
  assert.deepEqual(readdirSync(directory), [])
  at(1000)
  box.held(one, 1000)
  const durations: number[] = []
  for (let ms = 1000; ms <= 4000; ms += 100) {
    const { duration } = records()[0]!.block
    if (durations.at(-1) !== duration) durations.push(duration)
    box.held(one, ms)
    pass(100)
  }
  assert.deepEqual(durations, [1000, 1300, 1700, 2200, 2800, 3500])
  assert.equal(readdirSync(join(directory, 'a/blocks')).length, 1)
})

test('whoever exits is told that there is a record, and when it is gone', (t) => {
  const { open, thread, pass, records, at, control } = setup(t)
  const box = open()
  const [one, two] = [thread(), thread()]
  at(1000)
  box.held(one, 1000)
  box.held(two, 1000)
  assert.deepEqual([records().length, control[CONTROL.recorded]], [2, 1])
  one.state.isOpen = false
  pass(100)
  assert.deepEqual([records().length, control[CONTROL.recorded]], [1, 1])
  control[CONTROL.closed] = 1
  pass(100)
  assert.deepEqual([records().length, control[CONTROL.recorded]], [0, 0])
})

test('the next block of the same thread is a record of its own', (t) => {
  const { open, thread, pass, records, at } = setup(t)
  const box = open()
  const one = thread()
  at(1000)
  box.held(one, 1000)
  one.state.isOpen = false
  pass(100)
  assert.deepEqual(records(), [])
  one.state.isOpen = true
  box.held(one, 1100)
  assert.equal(records().length, 1)
  one.state.isClosed = true
  pass(100)
  assert.deepEqual(records(), [])
})

test('a record is bounded, whatever the block holds', (t) => {
  const { open, thread, records, at, directory } = setup(t)
  const frame = { function: 'f'.repeat(500), file: 'x'.repeat(500), line: 1, column: 1, async: false }
  const byRoute = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`GET /${'r'.repeat(100)}/${i}`, i]))
  const box = open()
  at(1000)
  box.held(
    thread({ stack: Array(24).fill(frame) as (typeof frame)[], victims: { count: 1000, time: 9, byRoute } }),
    1000,
  )
  const { block } = records()[0]!
  const size = readFileSync(join(directory, 'a/blocks', readdirSync(join(directory, 'a/blocks'))[0]!)).length
  assert.ok(size < 32 * 1024, String(size))
  assert.equal(block.victims.count, 1000)
  assert.equal(Object.values(block.victims.byRoute)[0], 999, 'those that waited most stay')
})

test('where it cannot write it says so, tries the next place, and goes on', (t) => {
  const { open, thread, pass, records, at, directory, lines, control } = setup(t)
  writeFileSync(join(directory, 'file'), '')
  const box = open(join(directory, 'file/blocks'), join(directory, 'b/blocks'))
  at(1000)
  box.held(thread(), 1000)
  assert.deepEqual([records(join(directory, 'b/blocks')).length, lines], [1, []])

  const nowhere = open(join(directory, 'file/blocks'))
  nowhere.held(thread(), 1000)
  pass(1000)
  assert.match(lines[0]!, /^what blocks the loop cannot be written to disk \(ENOTDIR[^)]*\): [^;]*; set XDG_STATE_HOME/)
  assert.equal(control[CONTROL.recorded], 0)
})
