import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { UserError } from '../errors.ts'
import { openPty, type Pty } from '../testing/pty.ts'
import { serve, type Served } from '../testing/serve.ts'
import { watched } from '../testing/scene.ts'
import type { TableAnswer } from '../source/open.ts'
import { openFlame, type FlameEvent } from '../state/flame.ts'
import type { State } from '../state/state.ts'
import { createFlameFeed } from './flame-feed.ts'

suite('the flame graph, in a real pseudo-terminal on a real server', () => {
  let served: Served
  let pty: Pty
  before(async () => {
    served = await serve()
    pty = openPty(['top', served.url])
  })
  after(async () => {
    pty.kill('SIGKILL')
    await pty.ended
    await served.close()
  })

  test('opens with Enter on a row of hot, and keys walk it', async () => {
    await pty.shows(/BLOCKED/)
    pty.type('h')
    await pty.shows(/hot {2}4 lines/)
    pty.type('\r')
    await pty.shows(
      /flame graph {2}last 1m[\s\S]*▏GET \/report[\s\S]*▏pbkdf2Sync[\s\S]*hashPassword {2}src\/report\.ts:41/,
    )
    pty.type('\x1b[A')
    await pty.shows(/async getReport {2}src\/report\.ts:12/)
    pty.type('\r')
    await pty.shows(/▏GET \/report +\n *▏async getReport/)
    pty.type('\x1b[B')
    await pty.shows(/hashPassword {2}src\/report\.ts:41/)
    pty.type('I')
    await pty.shows(/inverted[\s\S]*▏pbkdf2Sync/)
    pty.type('I')
    pty.type('R')
    await pty.shows(/last 1m {2}GET \/report {3}120 samples/)
    pty.type('w')
    await pty.shows(/last 5m {2}GET \/report {3}120 samples/)
    pty.type('\x7f')
    await pty.shows(/hot {2}4 lines/)
  })
})

suite('the feed of the flame graph', () => {
  const answer: TableAnswer = { now: 1, items: [] }

  function setup(fetchTable: () => Promise<TableAnswer> = () => Promise.resolve(answer)) {
    const asked: Record<string, string>[] = []
    const sent: FlameEvent[] = []
    let time = 0
    const follow = createFlameFeed({
      source: {
        fetchTable: (table, query) => {
          asked.push({ table, ...query })
          return fetchTable()
        },
      },
      now: () => time,
      send: (event) => void sent.push(event),
    })
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    return { asked, sent, follow, settled, at: (ms: number) => void (time = ms) }
  }
  const closed: State = { ...watched({ seconds: 1 }), view: 'hot' }
  const open: State = { ...closed, flame: openFlame(null) }

  test('asks when the graph is opened, and again every two seconds while it is on screen', async () => {
    const { asked, sent, follow, settled, at } = setup()
    follow(closed)
    assert.deepEqual(asked, [])
    follow(open)
    follow(open)
    assert.deepEqual(asked, [{ table: 'stacks', last: '60' }])
    await settled()
    assert.deepEqual(sent, [{ type: 'stacks', last: 60, items: [], elsewhere: [] }])
    at(1999)
    follow(open)
    assert.equal(asked.length, 1)
    at(2000)
    follow(open)
    assert.equal(asked.length, 2)
    at(4000)
    follow({ ...open, view: 'blocks' })
    assert.equal(asked.length, 2)
  })

  test('asks at once for another window or instance, and not while the screen is frozen', () => {
    const { asked, follow, at } = setup()
    const full = { ...open, flame: { ...open.flame!, stacks: [] } }
    follow(full)
    follow({ ...full, instance: 'b' })
    follow({ ...full, flame: { ...full.flame, last: 300 } })
    assert.deepEqual(asked.slice(1), [
      { table: 'stacks', last: '60', instance: 'b' },
      { table: 'stacks', last: '300' },
    ])
    const frozen = { ...full, frozen: { tables: full.tables, now: full.now, history: {} } }
    follow({ ...frozen, flame: { ...full.flame, last: 300 } })
    at(60_000)
    follow({ ...frozen, flame: { ...full.flame, last: 300 } })
    assert.equal(asked.length, 3)
  })

  test('says why nothing came, with what helps', async () => {
    const { sent, follow, settled } = setup(() => Promise.reject(new UserError('it does not know this', 'update it')))
    follow(open)
    await settled()
    assert.deepEqual(sent, [{ type: 'stacks-failed', last: 60, problem: 'it does not know this: update it' }])
  })
})
