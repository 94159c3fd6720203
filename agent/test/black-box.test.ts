/** What a process was stuck in survives its kill: on disk, for the next start, and for `loopscope blocks --last`. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { parseRecord, type BlackBoxRecord } from '@loopscope/collector/protocol'
import { ROOT, start, startCommand, type Running } from './support/program.ts'

/** Of one test: a home for records, and what of them is there. */
function home(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ls-state-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const records = join(directory, 'loopscope/blocks')
  const files = (): string[] => {
    try {
      return readdirSync(records)
    } catch {
      return []
    }
  }
  const launch = (service = 'shop', more: Record<string, string> = {}): Promise<Running> =>
    launched(start(t, 'stuck.js', { environment: { XDG_STATE_HOME: directory, OTEL_SERVICE_NAME: service, ...more } }))
  const last = (...args: string[]) =>
    startCommand(t, process.execPath, [join(ROOT, 'tui/bin/loopscope.js'), 'blocks', '--last', ...args], {
      environment: { XDG_STATE_HOME: directory, TZ: 'UTC', LANG: 'C.UTF-8' },
    }).ended
  return { directory, records, files, launch, last }
}

async function launched(running: Running): Promise<Running> {
  await running.printed(/^ready$/m)
  await running.ready()
  return running
}

function say(running: Running, line: string): void {
  running.child.stdin!.write(`${line}\n`)
}

suite('a process that is killed in the middle of a block', { concurrency: 3 }, () => {
  test('leaves a record, which the next start tells of, once, and the command shows without any process', async (t) => {
    const { records, files, launch, last } = home(t)
    const first = await launch()
    say(first, 'hold 30000')
    const [name] = await first.until('the record', () => (files().length > 0 ? files() : undefined))
    assert.equal(statSync(records).mode & 0o777, 0o700)
    assert.equal(statSync(join(records, name!)).mode & 0o777, 0o600)
    const read = (): BlackBoxRecord => parseRecord(readFileSync(join(records, name!), 'utf8'))!
    const early = read().block.duration
    await first.until('a longer one', () => (read().block.duration > early ? true : undefined))
    assert.match((await last()).stdout, /^No process was killed/, 'it still lives')
    await first.stop('SIGKILL')

    const { block, ...facts } = read()
    assert.deepEqual(
      [facts.service, facts.pid, facts.script],
      ['shop', first.pid, join(ROOT, 'agent/test/programs/stuck.js')],
    )
    assert.deepEqual(
      [block.function, block.file, block.activity?.name],
      ['parse', 'agent/test/programs/stuck.js', 'import prices'],
    )
    assert.ok(block.duration >= 1000 && early >= 1000 && early < 2500, `${early} ${block.duration}`)

    const second = await launch()
    assert.match(
      second.stderr,
      /^loopscope: the process before this one \(pid \d+\) was killed, or crashed, after at least \d\.\d s in parse at agent\/test\/programs\/stuck\.js:7 [^\n]*\n$/,
    )
    // A slow start is a block of its own.
    const [row, ...others] = (await second.table('blocks')).filter((one) => !one.startup)
    assert.deepEqual(others, [])
    const [instance] = await second.table('instances')
    assert.deepEqual([row!.fatal, row!.open, row!.successor], [true, undefined, instance!.id])
    assert.deepEqual([row!.function, row!.duration, row!.instance], ['parse', block.duration, block.instance])
    assert.notEqual(row!.instance, instance!.id)
    assert.deepEqual(await second.table('culprits'), [], 'it is none of its own')

    const third = await launch()
    assert.equal(third.stderr, '')
    assert.deepEqual(
      (await third.table('blocks')).filter((one) => one.fatal),
      [],
    )

    for (const args of [[], ['shop']]) {
      const { stdout, code } = await last(...args)
      assert.equal(code, 0)
      assert.match(
        stdout,
        new RegExp(`^ *\\S+ +shop +${first.pid} +main +\\d\\.\\ds +parse +agent/test/programs/stuck\\.js:7`, 'm'),
      )
    }
    const json = JSON.parse((await last('--json')).stdout) as { items: BlackBoxRecord[] }
    assert.deepEqual(
      json.items.map((item) => [item.pid, item.block.function]),
      [[first.pid, 'parse']],
    )
    const refused = await last('nope')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^loopscope: no process of "nope" [^\n]*; there are records of: shop\n$/)
  })

  test('is not taken for the one before another service', async (t) => {
    const { files, launch, last } = home(t)
    const [shop, mail] = [await launch('shop'), await launch('mail')]
    say(shop, 'hold 30000')
    say(mail, 'hold 30000')
    await shop.until('both records', () => (files().length === 2 ? true : undefined))
    await shop.stop('SIGKILL')
    const fatal = async (running: Running) =>
      (await running.table('blocks')).filter((row) => row.fatal).map((row) => row.instance)
    const other = await launch('search')
    assert.deepEqual([await fatal(other), other.stderr], [[], ''])
    const next = await launch('mail')
    assert.deepEqual([await fatal(next), next.stderr], [[], ''], 'the one of mail still lives')
    const again = await launch('shop')
    await again.until('the record of its predecessor', async () => {
      const dead = (await fatal(again)).map((id) => Number(id.split(':')[1]))
      if (dead.length === 0) return undefined
      assert.deepEqual(dead, [shop.pid])
      return true
    })
    assert.doesNotMatch((await last()).stdout, /mail/)
    await mail.stop('SIGTERM') // without a handler that kills too
    assert.match((await last('mail')).stdout, /mail +\d+ +main +/)
  })

  test('two starts at once: one of them tells', async (t) => {
    const { files, launch } = home(t)
    const first = await launch()
    say(first, 'hold 30000')
    await first.until('the record', () => (files().length > 0 ? true : undefined))
    await first.stop('SIGKILL')
    const both = await Promise.all([launch(), launch()])
    const told = await Promise.all(
      both.map(async (one) => (await one.table('blocks')).filter((row) => row.fatal).length),
    )
    assert.deepEqual(told.sort(), [0, 1])
  })
})

suite('no record is left', { concurrency: 3 }, () => {
  test('when the block ends', async (t) => {
    const { files, launch } = home(t)
    const running = await launch()
    say(running, 'hold 1700')
    await running.until('the record', () => (files().length > 0 ? true : undefined))
    await running.until('its end', () => (files().length === 0 ? true : undefined))
    await running.stop('SIGKILL')
    const next = await launch()
    assert.equal(next.stderr, '')
  })

  test('by a short block', async (t) => {
    const { directory, launch } = home(t)
    const running = await launch()
    say(running, 'hold 600')
    await running.until('the block', async () =>
      (await running.table('blocks')).find((row) => row.function === 'parse' && !row.open),
    )
    assert.deepEqual(readdirSync(directory), [])
  })

  test('by an exit in the same turn, which is no kill', async (t) => {
    const { files, launch } = home(t)
    const running = await launch()
    say(running, 'exit 1700')
    await running.until('the record', () => (files().length > 0 ? true : undefined))
    const { code, stderr } = await running.ended
    assert.deepEqual({ code, stderr, files: files() }, { code: 3, stderr: '', files: [] })
  })

  test('by a thread that ends, or is terminated', async (t) => {
    const { files, launch } = home(t)
    const running = await launch()
    say(running, 'thread 30000')
    await running.until('the record', () => (files().length > 0 ? true : undefined))
    say(running, 'terminate')
    await running.until('its end', () => (files().length === 0 ? true : undefined))
  })

  test('when it is switched off', async (t) => {
    const { files, launch } = home(t)
    const running = await launch('shop', { LOOPSCOPE_DISABLE: 'black-box' })
    say(running, 'hold 1500')
    await running.until('the block', async () =>
      (await running.table('blocks')).find((row) => row.duration > 1400 && !row.open),
    )
    assert.deepEqual(files(), [])
  })
})

test('a directory that cannot be written is one line, and another one is taken where there is one', async (t) => {
  const { directory, launch } = home(t)
  const file = join(directory, 'file')
  writeFileSync(file, '')
  const temporary = join(directory, 'tmp')
  const fallback = await launch('shop', { XDG_STATE_HOME: file, TMPDIR: directory })
  say(fallback, 'hold 1500')
  const user = `loopscope-${process.getuid?.() ?? 'user'}`
  await fallback.until('a record', () => (names(join(directory, user, 'state')).length > 0 ? true : undefined))
  await fallback.until('its end', () => (names(join(directory, user, 'state')).length === 0 ? true : undefined))
  assert.equal(fallback.stderr, '')

  writeFileSync(temporary, '')
  const running = await launch('shop', { XDG_STATE_HOME: file, TMPDIR: temporary })
  say(running, 'hold 2500')
  await running.until('the block', async () =>
    (await running.table('blocks')).find((row) => row.duration > 2400 && !row.open),
  )
  assert.match(
    running.stderr,
    /^loopscope: what blocks the loop cannot be written to disk \(EN[^\n]*set XDG_STATE_HOME[^\n]*\n$/,
  )
})

function names(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}
