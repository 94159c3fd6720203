/** Events in, a snapshot out: what the worker does with a channel. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CLOCK, CONTROL, createChannel } from '../protocol/channel.ts'
import { ACTIVITY_KINDS, CAPTURE, EVENT, MAX_NAMES, OUTCOME, START_UP_TURN } from '../protocol/index.ts'
import { checkSnapshot } from './check-snapshot.ts'
import { InstanceModel, type PackageVersion } from './instance.ts'

const EPOCH = 1_700_000_000_000

function setup(packageVersion?: PackageVersion) {
  const names = ['(unnamed)']
  const model = new InstanceModel(
    {
      id: 'host:1',
      service: 'shop',
      pid: 1,
      host: 'host',
      thread: 'main',
      node: '24.0.0',
      agent: '0.1.0',
      cwd: '/app',
      agentFile: 'file:///app/node_modules/@loopscope/agent/dist/agent.js',
      epoch: EPOCH,
      startedAt: EPOCH,
      thresholdMs: 50,
    },
    (id) => names[id] ?? '(unnamed)',
    undefined,
    packageVersion,
  )
  const name = (text: string): number => (names.includes(text) ? names.indexOf(text) : names.push(text) - 1)
  return { model, name }
}

const frame = (line: number, fn: string, file: string): string => `\0${line}\0${5}\0${fn}\0${file}`

suite('the model of an instance', () => {
  test('makes a block of a turn and the captures before it', () => {
    const { model, name } = setup()
    model.apply(EVENT.begin, 4, 100, name('GET'), 0)
    model.apply(EVENT.route, 4, 101, name('/report'), 0)
    const frames = [
      frame(1, 'pbkdf2Sync', 'node:internal/crypto/pbkdf2'),
      frame(31, 'hash', 'file:///app/src/auth.js'),
      frame(9, 'handle', 'file:///app/src/report.js'),
      frame(1, 'emit', 'node:events'),
      frame(2, 'parserOnIncoming', 'node:_http_server'),
    ].map(name)
    model.apply(EVENT.capture, 12, 150, 4, CAPTURE.block + 4 * 5)
    model.apply(EVENT.frames, frames[0]!, frames[1]!, frames[2]!, frames[3]!)
    model.apply(EVENT.frames, frames[4]!, 0, 0, 0)
    model.apply(EVENT.turn, 12, 300, 190, 10)
    model.apply(EVENT.trace, 12, 0x4bf92f3577b3, 0x4da6a3ce929d, 0x0e0e4736)
    model.apply(EVENT.span, 12, 0, 0x00f067aa, 0x0ba902b7)
    const [block] = model.snapshot(EPOCH + 400).blocks
    assert.deepEqual(
      [block!.function, block!.file, block!.line, block!.api, block!.route, block!.at, block!.duration],
      ['hash', 'src/auth.js', 31, 'crypto.pbkdf2Sync', 'GET /report', EPOCH + 110, 190],
    )
    assert.equal(block!.stack.length, 5)
    assert.deepEqual(block!.trace, { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' })
  })

  test('counts a sample as hot, with its route, and a block capture not', () => {
    const { model, name } = setup()
    const spin = name(frame(3, 'spin', 'file:///app/a.js'))
    model.apply(EVENT.begin, 1, 0, name('GET'), 0)
    model.apply(EVENT.route, 1, 0, name('/a'), 0)
    model.apply(EVENT.capture, 2, 10, 1, CAPTURE.sample + 4)
    model.apply(EVENT.frames, spin, 0, 0, 0)
    model.apply(EVENT.capture, 2, 20, 1, CAPTURE.block + 4)
    model.apply(EVENT.frames, spin, 0, 0, 0)
    model.hot.read(30, 15)
    const { hot, routes } = model.snapshot(EPOCH + 100)
    assert.deepEqual(
      hot.map((row) => [row.function, row.route, row.samples, row.time]),
      [['spin', 'GET /a', 1, 15]],
    )
    assert.deepEqual(model.hotSince(EPOCH), hot)
    assert.deepEqual(model.hotSince(EPOCH + 11), [])
    assert.equal(routes.length, 1)
    const profile = model.profileSince(EPOCH)
    assert.deepEqual(profile.timeline, { at: [EPOCH + 10], stack: [0], time: [15] })
    assert.deepEqual([profile.stacks[0]!.route, profile.frames[0]!.function], ['GET /a', 'spin'])
  })

  test('takes the work that goes on after its end, with all that one number says of it', () => {
    const { model, name } = setup()
    const names = MAX_NAMES + 1
    const request = ACTIVITY_KINDS.indexOf('request')
    model.apply(EVENT.begin, 1, 0, name('POST'), request)
    model.apply(EVENT.route, 1, 0, name('/orders'), 0)
    model.apply(EVENT.end, 1, 50, OUTCOME.ok, 202)
    const what = name('POST') + names * (name('/orders') + names * request)
    model.apply(EVENT.outlive, 1, 50, what, name(frame(9, 'place', 'file:///app/orders.js')))
    const [row] = model.snapshot(EPOCH + 100).background
    assert.deepEqual([row!.name, row!.site, row!.running], ['POST /orders (after response)', 'place orders.js:9', 1])
    model.apply(EVENT.settle, 1, 200, OUTCOME.failed, 0)
    assert.equal(model.snapshot(EPOCH + 2000).background[0]!.failed, 1)
  })

  test('does not count start-up as a turn of the loop', () => {
    const { model } = setup()
    model.apply(EVENT.turn, START_UP_TURN, 400, 400, 0)
    assert.equal(model.loop.longest, 0)
    assert.deepEqual(
      model.snapshot(EPOCH + 500).blocks.map((row) => row.startup),
      [true],
    )
  })

  test('forgets what was in flight when events were dropped, and says how many', () => {
    const { model, name } = setup()
    const channel = createChannel()
    model.apply(EVENT.begin, 1, 0, name('GET'), 0)
    model.read(channel, 10)
    assert.equal(model.activities.live.size, 1)
    channel.control[CONTROL.dropped] = 17
    model.read(channel, 20)
    assert.equal(model.activities.live.size, 0)
    const snapshot = model.snapshot(EPOCH + 30)
    assert.deepEqual([snapshot.instances[0]!.cost.dropped, snapshot.totals.agent.dropped], [17, 17])
    model.apply(EVENT.begin, 2, 40, name('GET'), 0)
    model.read(channel, 50)
    assert.equal(model.activities.live.size, 1, 'no new losses, nothing more is forgotten')
    model.apply(EVENT.begin, 3, 15, name('GET'), 0) // was in the ring when it overflowed; its end is lost
    model.read(channel, 60)
    assert.deepEqual([...model.activities.live.keys()], [2])
  })

  test('is live, blocked, exited', () => {
    const { model } = setup()
    const status = () => model.snapshot(EPOCH + 500).instances[0]!.status
    assert.equal(status(), 'live')
    model.blocks.openBlock(3, 100, 200)
    assert.equal(status(), 'blocked')
    model.close()
    assert.equal(status(), 'exited')
  })

  test('lists each library once', () => {
    const { model, name } = setup()
    const seen = name('express\x005.1.0\0patch\0')
    model.apply(EVENT.hooked, 0, 0, seen, 0)
    model.apply(EVENT.hooked, 0, 0, seen, 0)
    model.apply(EVENT.hooked, 0, 0, name('pg\x009.0.0\0none\0major version not known'), 0)
    assert.deepEqual(model.snapshot(EPOCH).instances[0]!.hooked, [
      { module: 'express', version: '5.1.0', how: 'patch' },
      { module: 'pg', version: '9.0.0', how: 'none', why: 'major version not known' },
    ])
  })

  test('says the version of the package that a block was in, once it is known', () => {
    const versions = new Map<string, string>()
    const asked: string[] = []
    const { model, name } = setup((folder) => {
      asked.push(folder)
      return versions.get(folder)
    })
    model.apply(EVENT.hooked, 0, 0, name('better-sqlite3\x0013.2.0\0patch\0'), 0)
    const held = (turn: number, ...frames: string[]): void => {
      const [first = 0, second = 0] = frames.map(name)
      model.apply(EVENT.capture, turn, turn * 100 - 50, 0, CAPTURE.block + 4 * frames.length)
      model.apply(EVENT.frames, first, second, 0, 0)
      model.apply(EVENT.turn, turn, turn * 100, 90, 0)
    }
    const parser = frame(9, 'parse', 'file:///app/node_modules/@acme/parser/lib/a.js')
    held(1, parser, frame(2, 'load', 'file:///app/src/load.js'))
    const agent = 'file:///app/node_modules/@loopscope/agent/dist/agent.js'
    held(2, frame(0, 'native better-sqlite3 Statement.all', agent), frame(2, 'list', 'file:///app/src/list.js'))
    held(3, frame(2, 'spin', 'file:///app/src/spin.js'))
    const packages = () => model.snapshot(EPOCH + 400).blocks.map((row) => row.package)
    const sqlite = { name: 'better-sqlite3', version: '13.2.0' }
    assert.deepEqual(packages(), [null, sqlite, { name: '@acme/parser' }])
    assert.deepEqual(asked, ['node_modules/@acme/parser'])
    versions.set('node_modules/@acme/parser', '1.2.3')
    assert.deepEqual(packages(), [null, sqlite, { name: '@acme/parser', version: '1.2.3' }])
    assert.deepEqual(model.finishedBlocks(1000, 0)[0]!.package, { name: '@acme/parser', version: '1.2.3' })
    const checked = checkSnapshot(JSON.parse(JSON.stringify(model.snapshot(EPOCH + 400))))
    assert.ok(!('error' in checked), JSON.stringify(checked))
  })

  test('survives events of another version, and half a capture', () => {
    const { model, name } = setup()
    model.apply(200, 1, 2, 3, 4)
    model.apply(EVENT.frames, 1, 2, 3, 4)
    model.apply(EVENT.capture, 1, 0, 0, CAPTURE.block + 4 * 9)
    model.apply(EVENT.frames, name('x'), 0, 0, 0)
    model.apply(EVENT.span, 5, 0, 1, 2)
    model.apply(EVENT.turn, 1, 100, 60, 0)
    assert.equal(model.snapshot(EPOCH + 200).blocks[0]!.evidence.samples, 0)
  })

  test('gives a snapshot that every collector accepts', () => {
    const { model, name } = setup()
    const channel = createChannel()
    channel.clock[CLOCK.busy] = 30
    channel.clock[CLOCK.idle] = 70
    model.read(channel, 100)
    model.apply(EVENT.begin, 1, 0, name('GET'), 0)
    model.apply(EVENT.pool, 1, 0, name('db\0postgresql\0main'), 10)
    model.apply(EVENT.poolAsk, 5, 10, 1, 1)
    model.apply(EVENT.poolTake, 5, 20, 0, 0)
    model.apply(EVENT.gc, 0, 60, 12, 4)
    model.apply(EVENT.turn, 1, 100, 60, 0)
    const snapshot = JSON.parse(JSON.stringify(model.snapshot(EPOCH + 200))) as unknown
    const checked = checkSnapshot(snapshot)
    assert.ok(!('error' in checked), JSON.stringify(checked))
  })
})
