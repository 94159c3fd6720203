/** What holds the loop is named: function, file, line and route, for each way to hold it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { join } from 'node:path'
import type { BlockRow, Cause } from '@loopscope/collector/protocol'
import { get, portOf } from './support/http.ts'
import { PROGRAMS, start, type Running } from './support/program.ts'

const FILE = 'agent/test/programs/troubles.js'
const LINES = readFileSync(join(PROGRAMS, 'troubles.js'), 'utf8').split('\n')

function lineOf(route: string): number {
  const line = LINES.findIndex((text) => text.endsWith(`// <- ${route}`)) + 1
  assert.ok(line > 0, `no line is marked for ${route}`)
  return line
}

interface Trouble {
  route: string
  function: string
  cause: Cause
  api?: RegExp
  /** Who may be seen in its place: the one who called the native that does the work. */
  or?: string
}

const TROUBLES: Trouble[] = [
  { route: 'loop', function: 'spin', cause: 'js' },
  { route: 'regex', function: 'checkCoupon', cause: 'js', api: /^RegExp\.test$/ },
  { route: 'sort', function: 'byLastDigits', cause: 'js', or: 'sort' },
  { route: 'pbkdf2', function: 'hashPassword', cause: 'sync-call', api: /^crypto\.pbkdf2Sync$/ },
  { route: 'gzip', function: 'packReport', cause: 'sync-call', api: /^zlib\.(gzip|\*)Sync$/ },
  { route: 'read', function: 'readCatalogue', cause: 'sync-call', api: /^fs\.readFileSync$/ },
  { route: 'exec', function: 'convertImage', cause: 'sync-call', api: /^child_process\.execSync$/ },
  { route: 'wait', function: 'waitForOther', cause: 'sync-call', api: /^Atomics\.wait$/ },
  { route: 'json', function: 'copyReport', cause: 'js', or: '(anonymous)' },
]

/** A busy machine took the processor away for most of it: no case of what is tested here. */
function isStarved({ cause }: BlockRow): boolean {
  return cause === 'cpu-starved' || cause === 'suspended' || cause === 'gc'
}

suite('a block is named', () => {
  let running: Running
  let port: number
  const ends: (() => Promise<void> | void)[] = []

  before(async () => {
    running = start({ after: (end) => ends.push(end) }, 'troubles.js')
    port = await portOf(running)
    await running.ready()
  })
  after(async () => {
    await running.stop('SIGTERM')
    for (const end of ends) await end()
  })

  for (const trouble of TROUBLES) {
    test(`${trouble.route}: ${trouble.function}`, async (t) => {
      const route = `GET /${trouble.route}`
      // A short block may be missed on a machine that gives the agent's worker no processor meanwhile: it comes again.
      let ms = 0
      let askedAt = -Infinity
      const block = await running.until(`a block of ${route}`, async () => {
        if (performance.now() - askedAt > 2000) {
          ms = Math.max(ms, (await get(port, `/${trouble.route}`)).ms)
          askedAt = performance.now()
        }
        return (await running.table('blocks')).find(
          (row) => !row.open && row.route === route && row.function !== null && !isStarved(row),
        )
      })
      t.diagnostic(
        `${block.duration.toFixed(0)} ms of ${ms.toFixed(0)}: ${block.api ?? block.cause}, ${block.evidence.samples} samples`,
      )
      assert.equal(block.file, FILE)
      if (block.function !== trouble.or) {
        assert.equal(block.function, trouble.function)
        if (trouble.route !== 'json') assert.equal(block.line, lineOf(trouble.route))
      }
      assert.ok(block.column! > 0)
      if (trouble.api) assert.match(block.api ?? '', trouble.api)
      assert.equal(block.cause, trouble.cause, JSON.stringify(block.evidence))
      assert.ok(block.duration >= 20 && block.duration <= ms * 1.1 + 10, `${block.duration} of ${ms} ms`)
      assert.deepEqual([block.activity?.kind, block.activity?.name], ['request', route])
      assert.ok(block.stack.length > 1)
      assert.equal(block.thread, 'main')
    })
  }
})
