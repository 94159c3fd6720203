import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import promClient from 'prom-client'
import { parseExposition } from '../testing/parse-exposition.ts'
import { histogramOf, snapshotOf } from '../testing/snapshot.ts'
import { families } from './families.ts'
import type { Family } from './family.ts'
import { exposition, prefersOpenMetrics } from './prometheus.ts'

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0'

test('without a wish it is text 0.0.4, and every family and series of two instances is in it', async () => {
  const all = families([snapshotOf('a'), snapshotOf('b')])
  const { contentType, body } = await exposition(all, undefined)
  assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  const parsed = parseExposition(body, false)
  assert.equal(parsed.size, all.length)
  assert.deepEqual(
    parsed
      .get('nodejs_eventloop_time_seconds_total')!
      .samples.map(({ labels, value }) => [labels.loopscope_instance, value]),
    [
      ['a', 8100],
      ['a', 3400],
      ['b', 8100],
      ['b', 3400],
    ],
  )
})

test('OpenMetrics has the same series, and an exemplar on the bucket that its value fell into', async () => {
  const all = families([snapshotOf()])
  const { contentType, body } = await exposition(all, OPEN_METRICS)
  assert.equal(contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  const open = parseExposition(body, true)
  const plain = parseExposition((await exposition(all, undefined)).body, false)
  const series = (parsed: typeof open) =>
    [...parsed.values()].flatMap(({ samples }) => samples.map(({ name, value }) => [name, value]))
  assert.deepEqual(series(open), series(plain))

  const blocks = open.get('loopscope_eventloop_block_duration_seconds')!.samples
  const [marked, ...others] = blocks.filter(({ exemplar }) => exemplar)
  assert.equal(others.length, 0)
  assert.equal(marked!.labels.le, '0.512')
  assert.deepEqual(marked!.exemplar, {
    labels: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' },
    value: 0.311,
    timestamp: (snapshotOf().now - 8000) / 1000,
  })
})

test('a histogram has exact counts at powers of two ms', async () => {
  const family: Family = {
    name: 'x',
    help: 'X.',
    unit: 's',
    type: 'histogram',
    points: [{ attributes: {}, histogram: histogramOf(0, 0.25, 0.2501, 1, 2, 2.001, 40_000) }],
  }
  const { samples } = parseExposition((await exposition([family], undefined)).body, false).get('x_seconds')!
  const at = (le: string) => samples.find(({ labels }) => labels.le === le)!.value
  assert.deepEqual([at('0.00025'), at('0.0005'), at('0.001'), at('0.002'), at('0.004')], [2, 3, 4, 5, 6])
  assert.deepEqual([at('32.768'), at('+Inf')], [6, 7])
  assert.ok(Math.abs(samples.find(({ name }) => name === 'x_seconds_sum')!.value - 40.0055011) < 1e-9)
})

test('an exemplar beyond the last border is on the last bucket; one that is no trace is left out', async () => {
  const spanId = '0'.repeat(16)
  const family = (traceId: string): Family => ({
    name: 'x',
    help: 'X.',
    unit: 's',
    type: 'histogram',
    points: [
      { attributes: {}, histogram: histogramOf(40_000), exemplar: { traceId, spanId, value: 40_000, at: 1000 } },
    ],
  })
  const marked = async (traceId: string) =>
    parseExposition((await exposition([family(traceId)], OPEN_METRICS)).body, true)
      .get('x_seconds')!
      .samples.filter(({ exemplar }) => exemplar)
      .map(({ labels }) => labels.le)
  assert.deepEqual(await marked('a'.repeat(32)), ['+Inf'])
  assert.deepEqual(await marked('"} 1\nevil 1'), [])
})

test('a label holds whatever a program names', async () => {
  const names = ['a"b', 'back\\slash', 'line\nfeed', '}', '{,="', 'é ☃', '\ud800', '# EOF']
  const points = names.map((name) => ({ attributes: { 'code.function.name': name }, value: 1 }))
  const family: Family = { name: 'x', help: 'X.', unit: '{x}', type: 'gauge', points }
  for (const accept of [undefined, OPEN_METRICS]) {
    const { body } = await exposition([family], accept)
    const read = parseExposition(body, accept !== undefined)
      .get('x')!
      .samples.map(({ labels }) => labels.code_function_name)
    assert.deepEqual(
      read,
      names.map((name) => name.toWellFormed()),
    )
  }
})

test('nothing to say is an empty answer in both formats', async () => {
  assert.equal((await exposition([], undefined)).body, '')
  assert.equal((await exposition([], OPEN_METRICS)).body, '# EOF\n')
})

test("the program's own metrics are not touched", async () => {
  await exposition(families([snapshotOf()]), undefined)
  assert.deepEqual(promClient.register.getMetricsAsArray(), [])
})

test('a big scrape leaves the loop a turn in between', async () => {
  let turns = 0
  const count = () => {
    turns++
    if (!done) setImmediate(count)
  }
  let done = false
  setImmediate(count)
  await exposition(families(Array.from({ length: 10 }, (_, i) => snapshotOf(`i${i}`))), undefined)
  done = true
  assert.ok(turns >= 3, `${turns} turns`)
})

test('the scraper chooses the format', () => {
  assert.equal(prefersOpenMetrics(undefined), false)
  assert.equal(prefersOpenMetrics('*/*'), false)
  assert.equal(prefersOpenMetrics('text/html, text/plain;q=0.9'), false)
  assert.equal(prefersOpenMetrics('application/openmetrics-text'), true)
  assert.equal(prefersOpenMetrics('application/openmetrics-text;version=2.0.0,text/plain;q=0.1'), false)
  assert.equal(prefersOpenMetrics('application/openmetrics-text;q=0.4,text/plain;q=0.5'), false)
  assert.equal(prefersOpenMetrics('application/openmetrics-text;q=0'), false)
  const prometheus =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
  assert.equal(prefersOpenMetrics(prometheus), true)
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

test(
  'promtool finds nothing but a name that the semantic conventions chose',
  { skip: !hasPromtool && 'no promtool here' },
  async () => {
    const { body } = await exposition(families([snapshotOf()]), undefined)
    const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' })
    const lines = (stdout + stderr)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('db_client_connection_count '))
    assert.deepEqual(lines, [])
  },
)
