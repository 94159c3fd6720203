import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPty, type Pty, type PtyOptions } from '../testing/pty.ts'
import { serve, type Served } from '../testing/serve.ts'

suite('the screen, in a real pseudo-terminal', () => {
  let served: Served
  const open: Pty[] = []
  const top = (options: PtyOptions = {}) => {
    const pty = openPty(['top', served.url], options)
    open.push(pty)
    return pty
  }
  before(async () => {
    served = await serve()
  })
  after(async () => {
    for (const pty of open) {
      try {
        pty.kill('SIGKILL')
      } catch {
        // It has ended.
      }
    }
    await served.close()
  })

  /** The main screen is back, the cursor is seen, the mouse is off. */
  const assertRestored = async (pty: Pty) => {
    await sleep(50)
    assert.equal(pty.terminal.buffer.active.type, 'normal', 'the main screen is back')
    assert.equal(pty.terminal.modes.mouseTrackingMode, 'none')
    const [hidden, shown] = ['\x1b[?25l', '\x1b[?25h'].map((code) => pty.raw().lastIndexOf(code))
    assert.ok(shown! > hidden!, 'the cursor is shown again')
  }

  test('it starts with the overview, and the blocked loop is on it', async () => {
    const pty = top()
    // The lower panels come last on the wire: until they are there the screen is half painted.
    const text = await pty.shows(/BLOCKED 4\.2s in validateCoupon at coupon\.ts:12[^]*┌ pools[^]*┌ background/)
    assert.equal(pty.terminal.buffer.active.type, 'alternate')
    for (const part of [
      '● live',
      '┌ event loop',
      '┌ routes',
      '┌ pools',
      '┌ background',
      'hashPassword',
      'GET /report',
      'q quit',
    ]) {
      assert.ok(text.includes(part), `${part} in\n${text}`)
    }
    assert.ok(text.split('\n').every((row) => row.length <= 80))
    pty.type('q')
    assert.deepEqual(await pty.ended, { exitCode: 0, signal: 0 })
    await assertRestored(pty)
  })

  test('keys change the view, open a row, filter, and go back', async () => {
    const pty = top()
    await pty.shows(/BLOCKED/)
    pty.type('b')
    await pty.shows(/blocks {2}2 culprits/)
    pty.type('\x1b[B')
    pty.type('\r')
    await pty.shows(/stack of the longest block[\s\S]*async getReport/)
    pty.type('\x1b')
    await pty.shows(/blocks {2}2 culprits/)
    pty.type('/')
    await pty.shows(/filter: _/)
    pty.type('coupon')
    await pty.shows(/blocks {2}1 culprit,[\s\S]*filter: coupon_/)
    pty.type('\r')
    pty.type('p')
    await pty.shows(/holders of pg main[\s\S]*exportOrders src\/export\.ts:22/)
    pty.type('?')
    await pty.shows(/who blocked the loop, by function, line and route/)
    pty.type('\x03')
    assert.equal((await pty.ended).exitCode, 0)
    await assertRestored(pty)
  })

  test('it follows a resize, and says when there is too little room', async () => {
    const pty = top()
    await pty.shows(/BLOCKED/)
    pty.resize(140, 40)
    const text = await pty.shows(/h hot {2}i instances {2}\? help {2}Space freeze {2}q quit/)
    assert.equal(Math.max(...text.split('\n').map((row) => row.length)), 140)
    pty.resize(60, 20)
    await pty.shows(/at least 80x24; this terminal has 60x20/)
    pty.resize(80, 24)
    await pty.shows(/┌ event loop/)
    pty.type('q')
    await pty.ended
  })

  test('a delta writes what changed, not the whole screen', async () => {
    const pty = top()
    await pty.shows(/BLOCKED/)
    await sleep(300)
    const from = pty.raw().length
    await sleep(1500)
    const written = pty.raw().length - from
    assert.ok(written > 0, 'the clock goes on')
    assert.ok(written < 80 * 24 * 1.5, `${written} bytes in 1.5 s; one full screen is ${80 * 24}`)
    pty.type('q')
    await pty.ended
  })

  test('the mouse is off until asked for', async () => {
    const pty = top()
    await pty.shows(/BLOCKED/)
    assert.equal(pty.terminal.modes.mouseTrackingMode, 'none')
    pty.type('m')
    await pty.shows(/mouse/)
    assert.notEqual(pty.terminal.modes.mouseTrackingMode, 'none')
    pty.type('q')
    await pty.ended
    await assertRestored(pty)
  })

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`${signal} restores the terminal and ends with ${code}`, async () => {
      const pty = top()
      await pty.shows(/BLOCKED/)
      pty.kill(signal)
      assert.equal((await pty.ended).exitCode, code)
      await assertRestored(pty)
    })
  }

  test('a crash restores the terminal, and is printed', async () => {
    const crash = "setTimeout(()=>{throw(new(Error)('planted'))},1500)"
    const pty = top({ env: { NODE_OPTIONS: `--import data:text/javascript,${crash}` } })
    await pty.shows(/BLOCKED/)
    assert.equal((await pty.ended).exitCode, 1)
    await assertRestored(pty)
    assert.match(pty.screen(), /loopscope: unexpected: Error: planted/)
  })

  test('NO_COLOR leaves no colour, and a locale without UTF-8 only ASCII', async () => {
    const pty = top({ env: { NO_COLOR: '1', LC_ALL: 'C' } })
    await pty.shows(/\* BLOCKED 4\.2s/)
    assert.match(pty.screen(), /^[\x20-\x7e\n]*$/)
    assert.doesNotMatch(pty.raw(), /\x1b\[(\d+;)*(3\d|4\d|9\d|10\d)(;\d+)*m/)
    pty.type('q')
    await pty.ended
  })

  test('it survives a server that goes and comes, and says so meanwhile', async () => {
    const first = await serve()
    const { port } = new URL(first.url)
    const pty = openPty(['top', first.url])
    open.push(pty)
    await pty.shows(/● live/)
    await first.close()
    await pty.shows(/○ reconnecting[\s\S]*these figures are .* old/)
    const second = await serve({ listen: `127.0.0.1:${port}` })
    await pty.shows(/● live/)
    pty.type('q')
    await pty.ended
    await second.close()
  })
})
