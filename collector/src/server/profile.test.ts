import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Collector } from '../model/collector.ts'
import { ask, source, testServer } from '../testing/server.ts'
import { snapshotOf, SNAPSHOT_NOW as NOW } from '../testing/snapshot.ts'

/** Beside the server's own instance the one of another process, as it sends it in frames. */
async function withRemote(context: TestContext) {
  const collector = new Collector()
  collector.add(source('a'))
  const remote = snapshotOf('other')
  remote.instances[0]!.pid = 77
  delete remote.instances[0]!.url
  assert.ok(!('error' in collector.accept(JSON.parse(JSON.stringify(remote)), NOW)))
  return testServer(context, { collector })
}

suite('/api/v1/profile', () => {
  test('is a file of the samples, speedscope if nothing else is said', async (context) => {
    const { url } = await testServer(context)
    const { status, headers, json } = await ask(url, '/api/v1/profile')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    const name = 'loopscope-shop-api-4242-20260102T030405Z-60s.speedscope.json'
    assert.equal(headers['content-disposition'], `attachment; filename="${name}"`)
    assert.equal(json.profiles[0].samples.length, 250)
    assert.deepEqual([headers['x-loopscope-samples'], headers['x-loopscope-busy-ms']], ['250', '7100'])
  })

  test('has the format that is asked for, with its ending and its type', async (context) => {
    const { url } = await testServer(context)
    const cpuprofile = await ask(url, '/api/v1/profile?format=cpuprofile')
    assert.match(String(cpuprofile.headers['content-disposition']), /-60s\.cpuprofile"$/)
    assert.ok(cpuprofile.json.nodes.length > 10)
    const response = await fetch(`${url}/api/v1/profile?format=pprof`)
    assert.equal(response.headers.get('content-type'), 'application/octet-stream')
    assert.match(response.headers.get('content-disposition')!, /-60s\.pb\.gz"$/)
    assert.ok(gunzipSync(await response.arrayBuffer()).includes('hashPassword'))
  })

  test('is of the last seconds and of the route that are asked for', async (context) => {
    const { url } = await testServer(context)
    const samples = async (query: string) =>
      (await ask(url, `/api/v1/profile?${query}`)).json.profiles[0].samples.length as number
    assert.equal(await samples('last=900'), 250)
    assert.equal(await samples('last=12'), 50)
    assert.equal(await samples('route=GET%20/report'), 120)
    assert.equal(await samples('last=12&route=POST%20/coupon'), 12)
    assert.equal(await samples('route=-'), 10, 'outside of requests')
  })

  test('says what there is where nothing was sampled', async (context) => {
    const { url } = await testServer(context)
    const route = await ask(url, '/api/v1/profile?route=GET%20/nothing')
    assert.deepEqual(
      [route.status, route.json.error.message, route.json.error.remedy],
      [404, 'no sample of the last 60 s is of GET /nothing', 'there are: GET /report, POST /coupon, GET /cart/:id, -'],
    )
    const collector = new Collector()
    collector.add({ id: 'idle', snapshot: (now) => snapshotOf('idle', now) })
    const idle = await testServer(context, { collector })
    const { status, json } = await ask(idle.url, '/api/v1/profile?last=300')
    assert.deepEqual([status, json.error.code], [404, 'no-samples'])
    assert.match(json.error.remedy, /only a loop that is busy is sampled/)
  })

  test('of another process is asked there', async (context) => {
    const { url } = await withRemote(context)
    const { status, json } = await ask(url, '/api/v1/profile?instance=other')
    assert.deepEqual(
      [status, json.error.code, json.error.remedy],
      [409, 'samples-elsewhere', 'ask process 77 on shop-1'],
    )
    assert.equal((await ask(url, '/api/v1/profile')).status, 200)
  })

  test('of several threads goes into one file where the format can hold them', async (context) => {
    const collector = new Collector()
    collector.add(source('a'))
    collector.add(source('a.1'))
    const { url } = await testServer(context, { collector })
    assert.equal((await ask(url, '/api/v1/profile')).json.profiles.length, 10)
    const { status, json } = await ask(url, '/api/v1/profile?format=cpuprofile')
    assert.deepEqual([status, json.error.code], [409, 'several-instances'])
    assert.match(json.error.message, /a, a\.1/)
    assert.equal((await ask(url, '/api/v1/profile?format=cpuprofile&instance=a.1')).status, 200)
  })

  test('refuses what it does not know', async (context) => {
    const { url } = await testServer(context)
    for (const query of ['last=0', 'last=901', 'last=5m', 'format=png', 'route=', 'since=1', 'limit=1', 'by=line']) {
      assert.equal((await ask(url, `/api/v1/profile?${query}`)).status, 400, query)
    }
  })
})

test('/api/v1/stacks is the same as JSON: frames once, stacks outermost first', async (context) => {
  const { url } = await withRemote(context)
  const { json } = await ask(url, '/api/v1/stacks?last=60')
  const [row] = json.items
  assert.deepEqual([json.items.length, row.instance, row.samples, Math.round(row.busy)], [1, 'a', 250, 7100])
  assert.ok(!('timeline' in row))
  const names = row.stacks[0].frames.map((place: number) => row.frames[place].function)
  assert.deepEqual(names, ['getReport', 'hashPassword', 'pbkdf2Sync'])
  assert.deepEqual(json.elsewhere, [{ instance: 'other', service: 'shop-api', pid: 77, host: 'shop-1' }])
  assert.equal((await ask(url, '/api/v1/stacks?route=GET%20/report')).json.items[0].stacks.length, 1)
})

suite('/api/v1/hot of a window', () => {
  test('is answered by the samples, whatever the window', async (context) => {
    const { url } = await testServer(context)
    const items = async (query: string) => (await ask(url, `/api/v1/hot?${query}`)).json.items
    const [first] = await items('last=60')
    assert.deepEqual([first.function, first.samples, first.share.toFixed(3)], ['hashPassword', 120, '0.480'])
    assert.deepEqual((await items('last=12'))[0].samples, 24)
    assert.deepEqual((await items(`since=${NOW - 12_000}`))[0].samples, 24)
    assert.equal((await items('last=60&by=route&limit=1'))[0].route, 'GET /report')
    assert.deepEqual(await items(`since=${NOW}`), [])
  })

  test('says whose samples are not in it', async (context) => {
    const { url } = await withRemote(context)
    const { json } = await ask(url, '/api/v1/hot?last=60')
    assert.deepEqual(
      json.elsewhere.map(({ pid }: { pid: number }) => pid),
      [77],
    )
    assert.ok(json.items.every(({ instance }: { instance: string }) => instance === 'a'))
    const lastMinute = (await ask(url, '/api/v1/hot')).json
    assert.ok(!('elsewhere' in lastMinute), 'the last minute comes with the frames')
    assert.ok(lastMinute.items.some(({ instance }: { instance: string }) => instance === 'other'))
  })

  test('has one begin', async (context) => {
    const { url } = await testServer(context)
    const { status, json } = await ask(url, `/api/v1/hot?last=60&since=${NOW}`)
    assert.deepEqual([status, json.error.code], [400, 'parameter-conflict'])
  })
})
