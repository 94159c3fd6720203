/** Bad configuration, and parts that are switched off: one clear line each, and the program runs. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { ask } from './support/ask.ts'
import { get, portOf, repeatedly } from './support/http.ts'
import { run, start, type Running } from './support/program.ts'

const AGENT_BY_PATH = ['--import', new URL('../dist/agent.js', import.meta.url).href]

function directory(t: TestContext, files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'loopscope-config-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

function threads({ pid }: Running): string[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim())
}

suite('a wrong value is one line, the default is taken, the program runs', () => {
  test('in the environment', async (t) => {
    const environment = { LOOPSCOPE_BLOCK_MS: 'soon', LOOPSCOPE_LOG: 'loud', LOOPSCOPE_LEVEL: 'deep' }
    const { code, stdout, stderr } = await run(t, 'hello.mjs', { environment })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'hello.mjs: agent true\n' })
    assert.deepEqual(stderr.trim().split('\n').sort(), [
      'loopscope: LOOPSCOPE_BLOCK_MS="soon" is not a number of ms from 5 to 60000; using 20',
      'loopscope: LOOPSCOPE_LEVEL="deep" is not "minimal" or "normal"; using "normal"',
      'loopscope: LOOPSCOPE_LOG="loud" is not "error", "warn", "info" or "debug"; using "warn"',
    ])
  })

  test('in a file that is no JSON', async (t) => {
    const cwd = directory(t, { 'loopscope.config.json': '{ "blockMs": 30, ' })
    const { code, stdout, stderr } = await run(t, 'hello.mjs', { cwd, node: AGENT_BY_PATH })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'hello.mjs: agent true\n' })
    assert.match(stderr, /^loopscope: \S*loopscope\.config\.json is not valid JSON \([^\n]*\); using the defaults\n$/)
  })

  test('in a file with an unknown key and a value out of range', async (t) => {
    const cwd = directory(t, { 'loopscope.config.json': '{ "blockMS": 30, "blockMs": 1, "listen": "unix" }' })
    const { stdout, stderr } = await run(t, 'hello.mjs', { cwd, node: AGENT_BY_PATH })
    assert.equal(stdout, 'hello.mjs: agent true\n')
    const lines = stderr.trim().split('\n')
    assert.equal(lines.length, 2, stderr)
    assert.match(lines[0]!, /unknown key "blockMS"; known are listen, .*blockMs/)
    assert.match(lines[1]!, /blockMs="1" is not a number of ms from 5 to 60000; using 20$/)
  })

  test('worker threads do not say it again', async (t) => {
    const { stderr } = await run(t, 'short-threads.js', { environment: { LOOPSCOPE_BLOCK_MS: 'soon' } })
    assert.equal(stderr.match(/BLOCK_MS/g)?.length, 1, stderr)
  })

  test('the token of a wrong configuration is not shown', async (t) => {
    const { stderr } = await run(t, 'hello.mjs', { environment: { LOOPSCOPE_TOKEN: 'my secret' } })
    assert.match(stderr, /^loopscope: LOOPSCOPE_TOKEN=\(hidden\) is not [^\n]*\n$/)
    assert.doesNotMatch(stderr, /secret/)
  })
})

suite('listening', () => {
  test('a taken port: the next free one, said in one line', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { port } = other.address() as AddressInfo
    const running = start(t, 'server.js', { environment: { LOOPSCOPE_LISTEN: `127.0.0.1:${port}` } })
    await portOf(running)
    await running.ready()
    const row = await running.until('its address', async () => (await running.table('instances'))[0]?.url)
    const taken = Number(new URL(row).port)
    assert.ok(taken > port, row)
    assert.equal((await ask({ port: taken }, '/healthz')).status, 200)
    assert.equal(running.stderr, `loopscope: port ${port} is taken, listening on 127.0.0.1:${taken}\n`)
  })

  test('beyond the loopback without a token: one line, nothing is served, the program runs', async (t) => {
    const running = start(t, 'server.js', { environment: { LOOPSCOPE_LISTEN: '0.0.0.0:0' } })
    const port = await portOf(running)
    await running.until('the line', () => running.stderr || undefined)
    assert.match(running.stderr, /^loopscope: will not listen on 0\.0\.0\.0 without a token[^\n]*\n$/)
    assert.equal((await get(port, '/')).body, 'ok')
    await assert.rejects(running.ask('/healthz'))
  })

  test('the directory of the local socket cannot be used: one line, and the port', async (t) => {
    // Not by its mode: tests may run as root, who may write everywhere.
    const place = directory(t, { file: '' })
    const environment = { LOOPSCOPE_LISTEN: '127.0.0.1:0', XDG_RUNTIME_DIR: join(place, 'file') }
    const running = start(t, 'server.js', { environment: { ...environment, LOOPSCOPE_LOG: 'info' } })
    await portOf(running)
    const url = await running.until('the address', () => /listening on (\S+)/.exec(running.stderr)?.[1])
    assert.equal((await ask({ port: Number(new URL(url).port) }, '/healthz')).status, 200)
    assert.equal(running.stderr.match(/cannot use the directory/g)?.length, 1, running.stderr)
  })

  test('off: nothing is served, and the agent is there', async (t) => {
    const running = start(t, 'server.js', { environment: { LOOPSCOPE_LISTEN: 'off' } })
    await portOf(running)
    await running.until('the thread of the agent', () => threads(running).includes('loopscope') || undefined)
    await assert.rejects(running.ask('/healthz'))
    assert.equal(running.stderr, '')
  })
})

suite('LOOPSCOPE_DISABLE', () => {
  test('* leaves off all of it: no thread, no global, nothing said', async (t) => {
    const environment = { LOOPSCOPE_DISABLE: '*', LOOPSCOPE_BLOCK_MS: 'soon' }
    const { stdout, stderr } = await run(t, 'hello.mjs', { environment })
    assert.deepEqual({ stdout, stderr }, { stdout: 'hello.mjs: agent false\n', stderr: '' })
    const running = start(t, 'server.js', { environment: { LOOPSCOPE_DISABLE: '*' } })
    await portOf(running)
    if (process.platform === 'linux') assert.ok(!threads(running).includes('loopscope'))
  })

  test('capture: blocks are measured, and nobody is named', async (t) => {
    const running = start(t, 'troubles.js', { environment: { LOOPSCOPE_DISABLE: 'capture' } })
    const port = await portOf(running)
    await running.ready()
    const again = repeatedly(port, '/loop')
    const block = await running.until('a block', async () => {
      await again()
      return (await running.table('blocks')).find((row) => !row.open && row.duration > 140)
    })
    assert.deepEqual([block.function, block.evidence.samples, block.stack], [null, 0, []])
    assert.deepEqual(await running.table('hot'), [])
  })

  test('http: no requests are seen, blocks are', async (t) => {
    const running = start(t, 'troubles.js', { environment: { LOOPSCOPE_DISABLE: 'http' } })
    const port = await portOf(running)
    await running.ready()
    const again = repeatedly(port, '/loop')
    const block = await running.until('a block', async () => {
      await again()
      return (await running.table('blocks')).find((row) => !row.open && row.function === 'spin')
    })
    assert.deepEqual([block.route, block.activity], [null, null])
    assert.deepEqual(await running.table('routes'), [])
    const hooked = (await running.table('instances'))[0]!.hooked.find((row) => row.module === 'http')
    assert.deepEqual([hooked?.how, hooked?.why], ['none', 'switched off'])
  })

  test('kernel: a ping tells blocked from idle, and blocks are named all the same', async (t) => {
    const running = start(t, 'troubles.js', { environment: { LOOPSCOPE_DISABLE: 'kernel' } })
    const port = await portOf(running)
    await running.ready()
    const again = repeatedly(port, '/loop')
    const block = await running.until('a block', async () => {
      await again()
      return (await running.table('blocks')).find((row) => !row.open && row.function === 'spin')
    })
    assert.equal(block.route, 'GET /loop')
    assert.ok(block.duration > 140)
    const [loop] = await running.table('loop')
    assert.equal(loop!.busy.starved, undefined)
  })
})
