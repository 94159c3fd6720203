/** The ways to start a program under the agent, and that it is the same program with it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { get, portOf } from './support/http.ts'
import { AGENT, PROGRAMS, ROOT, run, start, startCommand } from './support/program.ts'

const ENTRY = join(ROOT, 'agent/dist/agent.js')

suite('a program starts under the agent', () => {
  for (const name of ['hello.mjs', 'hello.cjs', 'hello.ts']) {
    test(`by --import, and says what it says without it: ${name}`, async (t) => {
      const bare = await run(t, name, { node: [] })
      assert.equal(bare.stdout, `${name}: agent false\n`)
      const { code, stdout, stderr } = await run(t, name)
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${name}: agent true\n`, stderr: bare.stderr })
    })
  }

  test('by NODE_OPTIONS', async (t) => {
    const { code, stdout, stderr } = await run(t, 'hello.mjs', {
      node: [],
      environment: { NODE_OPTIONS: '--import agent' },
    })
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'hello.mjs: agent true\n', stderr: '' })
  })

  test('by --require of the entry, which has no top-level await', async (t) => {
    const { code, stdout, stderr } = await run(t, 'hello.cjs', { node: ['--require', ENTRY] })
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'hello.cjs: agent true\n', stderr: '' })
  })

  test('twice is once', async (t) => {
    const running = start(t, 'server.js', { node: [...AGENT, '--import', '@loopscope/agent', '--require', ENTRY] })
    await running.ready()
    assert.equal((await running.table('instances')).length, 1)
    assert.equal(running.stderr, '')
  })

  test('from standard input and by --eval', async (t) => {
    const code = "console.log(Symbol.for('loopscope.agent') in globalThis)"
    for (const args of [
      [...AGENT, '-'],
      [...AGENT, '--eval', code],
      [...AGENT, '--print', '1', '--eval', code],
    ]) {
      const { stdout, stderr } = await startCommand(t, process.execPath, args, { input: code }).ended
      assert.match(stdout, /^true\n/, args.join(' '))
      assert.equal(stderr, '')
    }
  })

  test('npm start with NODE_OPTIONS observes the server, not npm', async (t) => {
    const running = startCommand(t, 'npm', ['start', '--silent'], {
      cwd: join(PROGRAMS, 'npm'),
      environment: {
        NODE_OPTIONS: `--import ${new URL('../dist/agent.js', import.meta.url).href}`,
        PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
        npm_config_update_notifier: 'false',
        LOOPSCOPE_LISTEN: '127.0.0.1:0',
        LOOPSCOPE_LOG: 'info',
      },
    })
    const port = await portOf(running)
    const listening = await running.until(
      'the line of the server',
      () => /listening on (\S+)/.exec(running.stderr) ?? undefined,
    )
    const answer = await get(Number(new URL(listening[1]!).port), '/api/v1/instances')
    const { items } = JSON.parse(answer.body) as { items: { service: string; pid: number }[] }
    assert.deepEqual(
      items.map((row) => row.service),
      ['shop-by-npm'],
    )
    assert.notEqual(items[0]!.pid, running.pid)
    assert.equal(running.stderr.match(/listening/g)!.length, 1, running.stderr)
    assert.equal((await get(port, '/')).body, 'ok')
    process.kill(items[0]!.pid)
    await running.ended
  })

  test('node --test runs the tests of a user as before', async (t) => {
    const file = join(PROGRAMS, 'a.test.js')
    const args = ['--test', '--test-reporter=tap', file]
    const { code, stdout, stderr } = await startCommand(t, process.execPath, [...AGENT, ...args]).ended
    assert.match(stdout, /^ok 1 - planted$/m)
    assert.match(stdout, /^# pass 1$/m)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  })

  test('in a directory that does not exist any more, with a line at the most', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'loopscope-gone-'))
    const script = join(directory, 'remover.sh')
    writeFileSync(
      script,
      `rm -rf "${directory}"; exec "${process.execPath}" --import "${new URL('../dist/agent.js', import.meta.url).href}" "${join(PROGRAMS, 'hello.cjs')}"`,
    )
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const { stdout, stderr, code } = await startCommand(t, 'sh', [script], { cwd: directory }).ended
    const bare = await startCommand(t, 'sh', [
      '-c',
      `cd "$1"; rmdir "$1"; exec "$2" "$3"`,
      'sh',
      mkdtempSync(directory),
      process.execPath,
      join(PROGRAMS, 'hello.cjs'),
    ]).ended
    t.diagnostic(`without the agent: ${bare.code} ${bare.stderr.split('\n')[0]}`)
    assert.equal(code, bare.code, stderr)
    if (bare.code === 0) assert.match(stdout, /^hello.cjs/)
  })
})

suite('a program under the agent', () => {
  test('gets its input and gives its output byte for byte', async (t) => {
    const input = randomBytes(300_000).toString('base64')
    const { stdout, stderr, code } = await run(t, 'echo.js', { input })
    assert.equal(stdout, input)
    assert.deepEqual({ stderr, code }, { stderr: '', code: 0 })
  })

  test('sees the same streams, globals, arguments and error settings as without it', async (t) => {
    const bare = JSON.parse((await run(t, 'streams.js', { node: [] })).stdout) as { execArgv: unknown }
    const observed = JSON.parse(
      (await run(t, 'streams.js', { node: [], environment: { NODE_OPTIONS: '--import agent' } })).stdout,
    ) as unknown
    assert.deepEqual(observed, bare)
  })

  test('has its own Error.prepareStackTrace and stackTraceLimit, untouched by captures', async (t) => {
    const running = start(t, 'error.js', { environment: { LOOPSCOPE_BLOCK_MS: '10' } })
    let captures = 0
    const result = await running.until('the result', async () => {
      if (running.stdout !== '') return running.stdout
      const { body } = await running.ask('/metrics')
      captures = Math.max(captures, Number(/^loopscope_agent_captures_total\S* (\S+)/m.exec(body)?.[1] ?? 0))
      return undefined
    })
    const { wrong, made, calls, same, limit } = JSON.parse(result) as Record<string, unknown>
    assert.deepEqual({ wrong, calls, same, limit }, { wrong: 0, calls: made, same: true, limit: 7 })
    t.diagnostic(`${captures} captures, ${String(made)} errors`)
  })
})
