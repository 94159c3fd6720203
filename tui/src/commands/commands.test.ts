import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { runCli } from '../testing/cli.ts'
import { serve, type Served } from '../testing/serve.ts'
import { COMMANDS } from './index.ts'
import { editsBetween, nearest } from './nearest.ts'

const ESCAPE = /\x1b/

suite('the list of commands', () => {
  test('every file that makes a command is in it, and every command has the whole shape', () => {
    const makers = readdirSync(new URL('.', import.meta.url))
      .filter(
        (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !['command.ts', 'index.ts'].includes(name),
      )
      .filter((name) =>
        /: (readonly )?Command(\[\])? (=|\{)|\): Command \{/.test(readFileSync(new URL(name, import.meta.url), 'utf8')),
      )
    assert.deepEqual(makers.sort(), ['dashboards.ts', 'help.ts', 'profile.ts', 'run.ts', 'tables.ts', 'top.ts'])
    const names = COMMANDS.map((command) => command.name)
    assert.deepEqual(names, [
      'top',
      'run',
      'blocks',
      'hot',
      'blame',
      'routes',
      'layers',
      'tasks',
      'pools',
      'streams',
      'websockets',
      'instances',
      'profile',
      'dashboards',
      'help',
    ])
    for (const command of COMMANDS) {
      assert.ok(command.summary.length > 10 && command.summary.length < 80, command.name)
      assert.ok(command.usage.startsWith(command.name))
      assert.ok(command.examples.length > 0)
      assert.ok(command.options.help)
      for (const [line] of command.examples) assert.ok(line.startsWith(`loopscope ${command.name}`), line)
    }
  })

  test('the nearest word is found by its edits, and a strange one finds none', () => {
    assert.equal(editsBetween('kitten', 'sitting'), 3)
    assert.equal(nearest('bloks', ['blocks', 'routes']), 'blocks')
    assert.equal(nearest('xyzzy', ['blocks', 'routes']), undefined)
  })
})

suite('the command line', { concurrency: 2 }, () => {
  test('without a command it lists them all', async () => {
    const { code, stdout } = await runCli([])
    assert.equal(code, 0)
    for (const { name, summary } of COMMANDS)
      assert.match(stdout, new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, 'm'))
  })

  test('each command has its help, with examples', async () => {
    for (const args of [
      ['blocks', '--help'],
      ['help', 'blocks'],
    ]) {
      const { code, stdout } = await runCli(args)
      assert.equal(code, 0)
      assert.match(
        stdout,
        /^loopscope blocks: who blocked the loop[\s\S]*Usage: loopscope blocks \[target\][\s\S]*--json[\s\S]*Examples:\n {2}loopscope blocks/,
      )
    }
  })

  test('the version is the one of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    assert.equal((await runCli(['--version'])).stdout, `${version}\n`)
  })

  for (const [args, line] of [
    [['bloks'], 'loopscope: there is no command "bloks"; did you mean: loopscope blocks ?'],
    [['xyzzy'], 'loopscope: there is no command "xyzzy"; loopscope help lists them'],
    [['blocks', '--jsn'], 'loopscope: loopscope blocks has no option --jsn; did you mean --json ?'],
    [['blocks', '--limit', 'many'], 'loopscope: --limit is "many"; it must be a number of rows from 1 to 10000'],
    [['blocks', 'a', 'b'], 'loopscope: "b" is too much; usage: loopscope blocks [target] [options]'],
    [['top', '--for'], "loopscope: option '--for <value>' argument missing; usage: loopscope top [target] [options]"],
    [['run'], 'loopscope: loopscope run needs more; usage: loopscope run [options] -- command [arguments]'],
    [
      ['run', '--inspect', 'x'],
      "loopscope: loopscope run has no option --inspect; if it is the program's: usage: loopscope run [options] -- command [arguments]",
    ],
    [['--json', 'blocks'], 'loopscope: the command comes first, then --json; loopscope help lists the commands'],
  ] as const) {
    test(`\`${args.join(' ')}\` is one line and code 2`, async () => {
      const { code, stdout, stderr } = await runCli([...args])
      assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: `${line}\n` })
    })
  }

  test('nobody there is one line with a remedy, and code 1', async () => {
    const nothing = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
    const none = await runCli(['top'], { env: { XDG_RUNTIME_DIR: nothing } })
    assert.equal(none.code, 1)
    assert.match(
      none.stderr,
      /^loopscope: no local process with loopscope is running; start one with: node --import @loopscope\/agent server\.js .*\n$/,
    )
    const refused = await runCli(['blocks', '127.0.0.1:1'])
    assert.equal(refused.code, 1)
    assert.match(
      refused.stderr,
      /^loopscope: cannot reach 127\.0\.0\.1:1: .*ECONNREFUSED.*; is the program running with: .*\n$/,
    )
    rmSync(nothing, { recursive: true })
  })

  test('dashboards are written where they are wanted', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
    const { code, stdout } = await runCli(['dashboards', '-o', join(directory, 'new')])
    assert.equal(code, 0)
    const paths = stdout.trim().split('\n')
    assert.ok(paths.length > 0)
    for (const path of paths) assert.ok(existsSync(path), path)
    const refused = await runCli(['dashboards', '-o', '/dev/null/x'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^loopscope: .*\/dev\/null\/x.*\n$/)
    rmSync(directory, { recursive: true })
  })
})

suite('the tables of a real server, in a pipe', { concurrency: 2 }, () => {
  let served: Served
  before(async () => {
    served = await serve()
  })
  after(() => served.close())

  test('each table is printed as text, without escape codes and without a cut', async () => {
    const expected = {
      blocks: /● {2}validateCoupon {2}src\/coupon\.ts:12:9 +POST \/coupon .* now\n✖ {2}hashPassword/,
      hot: /^src\/report\.ts:41:9 +hashPassword +GET \/report +48% +3\.2 +341 +120$/m,
      blame: /^GET \/cart\/:id +~9\.8s +47 +1\.2s +GET \/report +hashPassword +src\/report\.ts:41$/m,
      routes: /^GET \/cart\/:id +412\/s +38 +9\.0ms +340ms/m,
      layers:
        /^GET \/report +middleware +authenticate +sync +40 +200us +0ms +1 +src\/app\.ts:7\nGET \/report +handler +report +async +40 +180ms/m,
      tasks: /waiting {2}GET \/cart\/:id +1\.2s +12ms {2}pool pg main[\s\S]*BACKGROUND WORK[\s\S]*sendNewsletter/,
      pools: /^✖ {2}pg main +█{10} 10\/10 +23 .*GET \/export 8\.1s$/m,
      streams: /^GET \/events +12 +4m.* 2 +6 +18ms .* 48 +sendEvent src\/events\.ts:31$/m,
      instances: /^shop-api +4242 {2}main +✖ blocked .*3 hooked, 1 missed +shop-1 +http:\/\/127\.0\.0\.1:9464$/m,
    }
    for (const [name, pattern] of Object.entries(expected)) {
      const { code, stdout, stderr } = await runCli([name, served.url])
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.match(stdout, pattern)
      assert.doesNotMatch(stdout, ESCAPE)
    }
  })

  test('tasks --tree shows each unit of work below the one that began it', async () => {
    served.change((snapshot) => {
      const [report, , newsletter] = snapshot.tasks
      newsletter!.parent = report!.id
    })
    const { code, stdout } = await runCli(['tasks', served.url, '--tree'])
    assert.equal(code, 0)
    assert.match(stdout, /GET \/cart\/:id.*\n.*GET \/report.*\n.* └─sendNewsletter .*\n\n.*BACKGROUND WORK/)
  })

  test('--json is the answer of the API', async () => {
    for (const name of [
      'blocks',
      'hot',
      'blame',
      'routes',
      'tasks',
      'pools',
      'websockets',
      'streams',
      'layers',
      'instances',
    ]) {
      const { stdout } = await runCli([name, served.url, '--json', '--limit', '1'])
      const printed = JSON.parse(stdout) as { now: number; items: unknown[] }
      const api = (await (await fetch(`${served.url}/api/v1/${name}?limit=1`)).json()) as { items: unknown[] }
      assert.equal(printed.items.length, 1)
      assert.deepEqual(Object.keys(printed.items[0] as object), Object.keys(api.items[0] as object))
      assert.ok(printed.now > 0)
    }
  })

  test('--watch --json is one document a line, until it is ended', async () => {
    const { code, stdout } = await runCli(['routes', served.url, '--json', '--watch', '--interval', '0.1'], {
      onOutput: (text, child) => void (text.split('\n').length > 3 && child.kill('SIGINT')),
    })
    assert.equal(code, 0)
    const lines = stdout.trim().split('\n')
    assert.ok(lines.length >= 3)
    for (const line of lines) assert.equal((JSON.parse(line) as { items: unknown[] }).items.length, 2)
  })

  test('--limit says what it left out, and --instance must exist', async () => {
    assert.match((await runCli(['routes', served.url, '--limit', '1'])).stdout, /GET \/report[^\n]*\nand 1 more\n$/)
    assert.equal((await runCli(['routes', served.url, '--instance', '4242'])).code, 0)
    const { code, stderr } = await runCli(['routes', served.url, '--instance', 'nope'])
    assert.equal(code, 1)
    assert.equal(stderr, 'loopscope: there is no instance "nope"; give one of: shop-api-4242-0\n')
  })

  test('top prints the overview once, by address, pid and name, and with nothing', async () => {
    for (const target of [[served.url], ['4242'], ['shop-api'], []]) {
      const { code, stdout, stderr } = await runCli(['top', ...target], { env: served.environment })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.match(
        stdout,
        /^loopscope {2}shop-api {3}pid 4242 .*\n ● BLOCKED 4\.2s in validateCoupon at src\/coupon\.ts:12 \(POST \/coupon\), and counting\n/,
      )
      for (const part of ['EVENT LOOP', 'CULPRIT', 'ROUTE ', 'POOL', 'BACKGROUND WORK'])
        assert.ok(stdout.includes(part), part)
      assert.doesNotMatch(stdout, ESCAPE)
    }
  })

  test('top --watch --for prints again and again, and ends by itself', async () => {
    const { code, stdout } = await runCli(['top', served.url, '--watch', '--interval', '0.5', '--for', '1.2'])
    assert.equal(code, 0)
    assert.equal(stdout.match(/^loopscope {2}shop-api/gm)?.length, 3)
  })

  test('a reader that leaves ends it quietly', async () => {
    const { code, stderr } = await runCli(['top', served.url, '--watch', '--interval', '0.5', '--for', '15'], {
      onOutput: (_, child) => void child.stdout!.destroy(),
    })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  })

  test('in a locale without UTF-8 only ASCII is printed', async () => {
    const { stdout } = await runCli(['top', served.url], { env: { LC_ALL: 'C' } })
    assert.match(stdout, /^[\x20-\x7e\n]+$/)
  })
})
