/** The loading of modules at the start is shown as such, once, with the slowest modules; it is nobody's fault. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import type { BlockRow } from '@loopscope/collector/protocol'
import { get, portOf } from './support/http.ts'
import { start, type Running } from './support/program.ts'

/** A package of many small modules that take so long, in all, to be evaluated. */
function packages(t: TestContext, slowMs: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'ls-packages-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const busy = (ms: number): string => `const end = performance.now() + ${ms}; while (performance.now() < end);\n`
  const add = (name: string, parts: number, ms: number): void => {
    const path = join(directory, 'node_modules', name)
    mkdirSync(path, { recursive: true })
    writeFileSync(
      join(path, 'index.js'),
      Array.from({ length: parts }, (_, i) => `require('./part${i}.js')\n`).join(''),
    )
    for (let i = 0; i < parts; i++) writeFileSync(join(path, `part${i}.js`), busy(ms / parts))
  }
  add('slow-package', 40, slowMs)
  add('quick-package', 2, slowMs / 10)
  return directory
}

function startUp(running: Running, thread: string): Promise<BlockRow> {
  return running.until(`the start-up of ${thread}`, async () =>
    (await running.table('blocks')).find((row) => row.startup && !row.open && row.thread === thread),
  )
}

suite('a start-up that takes its time', { concurrency: 2 }, () => {
  test('is the time of require, by module, and blocks nothing', async (t) => {
    const running = start(t, 'slow-start.cjs', { environment: { PACKAGES: packages(t, 800) } })
    const port = await portOf(running)
    const row = await startUp(running, 'main')
    // On a busy machine it may have waited for a processor for most of its time.
    assert.ok(row.cause === 'sync-call' || row.cause === 'cpu-starved', row.cause)
    assert.deepEqual([row.api, row.route], ['require', null])
    assert.deepEqual([row.file, row.line], ['agent/test/programs/slow-start.cjs', 6])
    assert.ok(row.duration > 800 && row.duration < 5000, String(row.duration))
    const [first] = row.modules!
    assert.equal(first!.name, 'slow-package')
    assert.ok(first!.time > row.duration * 0.4 && first!.time <= row.duration, JSON.stringify(row.modules))
    assert.equal(row.victims.count, 0)

    await get(port, '/')
    const body = await running.until('the metrics', async () => {
      const { body } = await running.ask('/metrics')
      return body.includes('loopscope_eventloop_startup_duration_seconds{') ? body : undefined
    })
    const seconds = Number(/^loopscope_eventloop_startup_duration_seconds\{[^}]*\} (\S+)$/m.exec(body)![1])
    assert.ok(Math.abs(seconds * 1000 - row.duration) < 1)
    assert.doesNotMatch(body, /^loopscope_eventloop_block_duration_seconds_count\{[^}]*slow/m)
    const rows = (await running.table('blocks')).filter((one) => one.startup)
    assert.equal(rows.length, 1, 'it is shown once')
    assert.equal((await running.table('loop'))[0]!.blockedNow, null)
  })

  test('is shown while it lasts, and the loop is not called blocked', async (t) => {
    const running = start(t, 'slow-start.cjs', { environment: { PACKAGES: packages(t, 3000) } })
    const row = await running.until('the open row', async () => (await running.table('blocks')).find((one) => one.open))
    assert.deepEqual([row.startup, row.api], [true, 'require'])
    assert.equal((await running.table('loop'))[0]!.blockedNow, null)
    assert.equal((await running.table('instances'))[0]!.status, 'live')
  })

  test('of a worker thread is its own', async (t) => {
    const running = start(t, 'slow-start.cjs', { environment: { PACKAGES: packages(t, 600), THREAD: '1' } })
    await portOf(running)
    const row = await startUp(running, 'worker 2')
    assert.equal(row.api, 'require')
    assert.ok(row.duration > 600, String(row.duration))
  })

  test('of a quick program is not worth a word', async (t) => {
    const running = start(t, 'server.js')
    await running.ready()
    const [slowest] = (await running.table('blocks')).filter((row) => row.startup)
    assert.ok(slowest === undefined || slowest.duration >= 250)
  })
})
