import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { snapshotOf } from '../../../collector/src/testing/snapshot.ts'
import { runCli } from '../testing/cli.ts'
import { serve, type Served } from '../testing/serve.ts'

suite('loopscope profile, of a real server', () => {
  let served: Served
  let directory: string
  before(async () => {
    served = await serve()
    directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
  })
  after(async () => {
    await served.close()
    rmSync(directory, { recursive: true })
  })
  const profile = (...args: string[]) => runCli(['profile', served.url, ...args])

  test('writes a speedscope file by the name of the server, and says what is in it and how to open it', async () => {
    const { code, stdout, stderr } = await profile('-o', directory)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const [name] = readdirSync(directory)
    assert.match(name!, /^loopscope-shop-api-4242-\d{8}T\d{6}Z-300s\.speedscope\.json$/)
    const path = join(directory, name!)
    assert.equal(
      stdout,
      `${path}: 250 samples of 7.1s busy in the last 5m\n` +
        `  open it with https://www.speedscope.app (drop the file there, it stays in the browser), or: npx speedscope ${path}\n`,
    )
    const { profiles } = JSON.parse(readFileSync(path, 'utf8')) as { profiles: { samples: unknown[] }[] }
    assert.equal(profiles[0]!.samples.length, 250)
  })

  test('the ending is the format', async () => {
    const file = (name: string) => join(directory, name)
    for (const name of ['a.json', 'a.speedscope.json', 'a.cpuprofile', 'a.pb.gz']) {
      assert.equal((await profile('-o', file(name))).code, 0)
    }
    assert.ok('profiles' in (JSON.parse(readFileSync(file('a.json'), 'utf8')) as object))
    assert.ok('timeDeltas' in (JSON.parse(readFileSync(file('a.cpuprofile'), 'utf8')) as object))
    assert.ok(gunzipSync(readFileSync(file('a.pb.gz'))).includes('GET /report'))
  })

  test('of the time and the route that are asked for', async () => {
    const output = join(directory, 'b.json')
    const { stdout } = await profile('--route', 'GET /report', '--instance', '4242', '-o', output)
    assert.match(stdout, /: 120 samples of 3\.4s busy in the last 5m/)
    assert.match((await profile('--last', '20s', '-o', output)).stdout, /: \d\d samples of .* in the last 20s/)
  })

  test('says why there is no file', async () => {
    const nothing = await profile('--route', 'GET /nothing')
    assert.deepEqual([nothing.code, nothing.stdout], [1, ''])
    assert.match(
      nothing.stderr,
      /^loopscope: no sample of the last 300 s is of GET \/nothing; there are: GET \/report, /,
    )
    for (const [args, line] of [
      [
        ['-o', 'x.png'],
        /-o is "x\.png", whose ending is no format; it must end in one of \.speedscope\.json, \.json, /,
      ],
      [['--last', '1h'], /--last is "1h"; write it as 30s or 5m, up to 15m/],
    ] as const) {
      const wrong = await profile(...args)
      assert.equal(wrong.code, 2)
      assert.match(wrong.stderr, line)
    }
    assert.match((await profile('-o', '/dev/null/x.json')).stderr, /; name another file with -o FILE\n$/)
  })

  test('of several processes is one file each, and not one in the place of another', async () => {
    const second = await serve({ pid: 4243, id: 'second', runtimeDirectory: served.runtimeDirectory })
    const into = mkdtempSync(join(directory, 'both-'))
    const env = served.environment
    const refused = await runCli(['profile', '-o', join(into, 'one.json')], { env })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /2 processes have samples: pid 4242, pid 4243; name one, or leave -o out/)
    assert.equal((await runCli(['profile', '4243', '-o', join(into, 'one.json')], { env })).code, 0)
    assert.deepEqual(readdirSync(into), ['one.json'])
    await second.close()
  })

  test('an older server is told to be updated', async (t) => {
    const old = createServer((_, answer) => {
      answer.writeHead(404, { 'content-type': 'application/json' })
      answer.end(JSON.stringify({ error: { code: 'path-unknown', message: 'x', remedy: 'y' } }))
    })
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
    t.after(() => old.close())
    const { code, stderr } = await runCli(['profile', `127.0.0.1:${(old.address() as AddressInfo).port}`])
    assert.equal(code, 1)
    assert.match(stderr, /does not know this; it runs an older version of loopscope: update it/)
  })
})

test('the samples of another process are asked for there: hot says so, a profile of it too', async () => {
  const served = await serve()
  const remote = snapshotOf('other', Date.now())
  remote.instances[0]!.pid = 77
  delete remote.instances[0]!.url
  assert.ok(!('error' in served.collector.accept(JSON.parse(JSON.stringify(remote)), Date.now())))
  const hot = await runCli(['hot', served.url, '--last', '1m'])
  assert.match(hot.stdout, /\nwithout process 77, which keeps its own samples: loopscope hot 77 --last 1m\n$/)
  const { code, stderr } = await runCli(['profile', served.url, '--instance', '77'])
  assert.equal(code, 1)
  assert.equal(stderr, 'loopscope: the samples of other are in its own process; ask process 77 on shop-1\n')
  await served.close()
})

suite('loopscope hot of a window', () => {
  let served: Served
  before(async () => {
    served = await serve()
  })
  after(() => served.close())
  const hot = (...args: string[]) => runCli(['hot', served.url, ...args])

  test('by line, function or route, of the time that is asked for', async () => {
    const { code, stdout } = await hot('--last', '15m', '--by', 'function')
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^FUNCTION +FILE +SHARE +± +TIME +SAMPLES\nhashPassword +src\/report\.ts +48% +3\.1 +3\.4s +120\n/,
    )
    assert.match((await hot('--by', 'route')).stdout, /^ROUTE +SHARE[^\n]*\nGET \/report +48% /)
    assert.match(
      (await hot('--by', 'line')).stdout,
      /^LINE +FUNCTION +SHARE[^\n]*\nsrc\/report\.ts:41:9 +hashPassword +48% /,
    )
    const plain = (await hot('--last', '15m', '--limit', '1')).stdout
    assert.match(
      plain,
      /^LINE +FUNCTION +ROUTE +SHARE[^\n]*\nsrc\/report\.ts:41:9 +hashPassword +GET \/report +48% [^\n]*\nand 4 more\n$/,
    )
  })

  test('--json is the answer of the API', async () => {
    const { stdout } = await hot('--by', 'route', '--last', '15m', '--json', '--limit', '1')
    const { items } = JSON.parse(stdout) as { items: { route: string; samples: number }[] }
    assert.deepEqual(
      items.map(({ route, samples }) => [route, samples]),
      [['GET /report', 120]],
    )
  })

  test('--by is one of three', async () => {
    const { code, stderr } = await hot('--by', 'mood')
    assert.deepEqual([code, stderr], [2, 'loopscope: --by is "mood"; it must be one of line, function, route\n'])
  })
})
