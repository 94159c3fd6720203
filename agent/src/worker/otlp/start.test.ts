import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Histogram, type Family } from '@loopscope/collector'
import type { BlockRow } from '@loopscope/collector/protocol'
import { startReceiver } from '../../../test/otlp-receiver.ts'
import { startOtlp, type Otlp, type OtlpOptions } from './start.ts'

const STARTED_AT = 1_700_000_000_000
const NOW = STARTED_AT + 90_000
const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

const running = new Set<Otlp>()
after(async () => {
  for (const otlp of running) await otlp.stop()
})

async function start(environment: Record<string, string>, options: Partial<OtlpOptions> = {}) {
  const lines: string[] = []
  const otlp = await startOtlp({
    environment: { OTEL_BSP_SCHEDULE_DELAY: '10', OTEL_METRIC_EXPORT_INTERVAL: '100', ...environment },
    resource: { serviceName: 'shop', serviceVersion: '1.2.3', instanceId: 'host:42:main', host: 'host', pid: 42 },
    families: () => [],
    log: (level, _cause, message) => lines.push(`${level} ${message}`),
    now: () => NOW,
    startedAt: STARTED_AT,
    version: '0.1.0',
    stopTimeoutMs: 200,
    ...options,
  })
  running.add(otlp)
  return { otlp, lines }
}

function block(changes: Partial<BlockRow> = {}): BlockRow {
  return {
    id: 'b1',
    instance: 'host:42:main',
    thread: 'main',
    at: NOW + 0.25,
    duration: 123.5,
    cause: 'sync-call',
    function: 'login',
    file: '/app/src/login.ts',
    line: 17,
    column: 5,
    api: 'crypto.pbkdf2Sync',
    stack: [
      { function: 'login', file: '/app/src/login.ts', line: 17, column: 5, async: false },
      { function: 'handle', file: '/app/src/server.ts', line: 8, column: 3, async: true },
    ],
    activity: { kind: 'request', name: 'POST /login', id: 'a1' },
    route: 'POST /login',
    trace: TRACE,
    victims: { count: 3, time: 250, byRoute: { 'GET /cart/:id': 3 } },
    evidence: { samples: 2 },
    ...changes,
  }
}

function families(): Family[] {
  const turns = new Histogram()
  for (const ms of [0.2, 0.25, 3, 3, 700, 100_000]) turns.record(ms)
  return [
    {
      name: 'nodejs.eventloop.utilization',
      help: 'Busy share of the loop.',
      unit: '1',
      type: 'gauge',
      points: [{ attributes: { 'thread.name': 'main' }, value: 0.75 }],
    },
    {
      name: 'nodejs.eventloop.time',
      help: 'Time of the loop by state.',
      unit: 's',
      type: 'counter',
      points: [
        { attributes: { 'nodejs.eventloop.state': 'active' }, value: 12.5 },
        { attributes: { 'nodejs.eventloop.state': 'idle' }, value: 80 },
      ],
    },
    {
      name: 'loopscope.eventloop.turn.duration',
      help: 'How long turns were busy.',
      unit: 's',
      type: 'histogram',
      points: [{ attributes: {}, histogram: turns.toData() }],
    },
  ]
}

suite('what arrives at an OTLP endpoint', () => {
  for (const [protocol, contentType] of [
    ['http/protobuf', 'application/x-protobuf'],
    ['http/json', 'application/json'],
    ['grpc', 'application/grpc'],
  ] as const) {
    test(`a block's span and the metrics, over ${protocol}`, async (t) => {
      const receiver = await startReceiver(protocol === 'grpc' ? 'grpc' : 'http')
      t.after(() => receiver.close())
      const { otlp, lines } = await start(
        {
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=blue,authorization=Bearer%20t',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=ignored',
          OTEL_SERVICE_NAME: 'shop-api',
        },
        { families },
      )
      otlp.block(block())
      await receiver.until('a span and the metrics', () => receiver.spans.length > 0 && receiver.metrics.length >= 3)
      await otlp.stop()

      const resource = {
        'service.name': 'shop-api',
        'service.version': '1.2.3',
        'service.instance.id': 'host:42:main',
        'deployment.environment.name': 'test',
        'host.name': 'host',
        'process.pid': 42,
        'process.runtime.name': 'nodejs',
        'process.runtime.version': process.versions.node,
      }
      const scope = { name: '@loopscope/agent', version: '0.1.0' }
      const span = receiver.spans[0]!
      assert.equal(receiver.spans.length, 1)
      assert.equal(span.name, 'event_loop.block')
      assert.equal(span.traceId, TRACE.traceId)
      assert.equal(span.parentSpanId, TRACE.spanId)
      assert.match(span.spanId, /^[0-9a-f]{16}$/)
      assert.notEqual(span.spanId, TRACE.spanId)
      assert.equal(span.start, BigInt(NOW) * 1_000_000n + 250_000n)
      assert.equal(span.end - span.start, 123_500_000n)
      assert.deepEqual({ ...span.scope }, scope)
      assert.partialDeepStrictEqual(span.resource, resource)
      assert.deepEqual(span.attributes, {
        'loopscope.block.cause': 'sync-call',
        'loopscope.block.api': 'crypto.pbkdf2Sync',
        'loopscope.block.id': 'b1',
        'loopscope.instance': 'host:42:main',
        'loopscope.activity.kind': 'request',
        'loopscope.activity.name': 'POST /login',
        'loopscope.block.victims.count': 3,
        'loopscope.block.victims.time': 0.25,
        'thread.name': 'main',
        'code.function.name': 'login',
        'code.file.path': '/app/src/login.ts',
        'code.line.number': 17,
        'code.column.number': 5,
        'code.stacktrace': '    at login (/app/src/login.ts:17:5)\n    at async handle (/app/src/server.ts:8:3)',
        'http.request.method': 'POST',
        'http.route': '/login',
      })

      const [utilization, time, turns] = receiver.metrics
      const window = { start: BigInt(STARTED_AT) * 1_000_000n, time: BigInt(NOW) * 1_000_000n }
      assert.partialDeepStrictEqual(utilization, {
        name: 'nodejs.eventloop.utilization',
        description: 'Busy share of the loop.',
        unit: '1',
        kind: 'gauge',
        points: [{ attributes: { 'thread.name': 'main' }, value: 0.75, ...window }],
        resource,
      })
      assert.partialDeepStrictEqual(time, {
        name: 'nodejs.eventloop.time',
        unit: 's',
        kind: 'sum',
        cumulative: true,
        monotonic: true,
        points: [
          { attributes: { 'nodejs.eventloop.state': 'active' }, value: 12.5, ...window },
          { attributes: { 'nodejs.eventloop.state': 'idle' }, value: 80, ...window },
        ],
      })
      assert.partialDeepStrictEqual(turns, {
        name: 'loopscope.eventloop.turn.duration',
        unit: 's',
        kind: 'histogram',
        cumulative: true,
      })
      const { histogram } = turns!.points[0]!
      assert.deepEqual(histogram!.borders.slice(0, 5), [0.00025, 0.0005, 0.001, 0.002, 0.004])
      assert.equal(histogram!.borders.at(-1), 32.768)
      // 0.2 and 0.25 ms | | | | 3 and 3 ms | ... | 700 ms in (512, 1024] | ... | 100 s beyond the last border
      assert.deepEqual(histogram!.counts, [2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
      assert.equal(histogram!.count, 6)
      assert.ok(Math.abs(histogram!.sum - 100.70645) < 1e-9)
      assert.equal(histogram!.min, 0.0002)
      assert.equal(histogram!.max, 100)

      for (const request of receiver.requests) {
        assert.equal(request.headers['content-type'], contentType)
        assert.equal(request.headers['x-tenant'], 'blue')
        assert.equal(request.headers['authorization'], 'Bearer t')
      }
      if (protocol !== 'grpc') {
        assert.deepEqual([...new Set(receiver.requests.map(({ path }) => path))].sort(), ['/v1/metrics', '/v1/traces'])
      }
      assert.deepEqual(lines, [])
    })
  }

  test('a block outside of any trace is the root of its own', async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const { otlp } = await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/custom` })
    otlp.block(block({ trace: null }))
    otlp.block(block({ trace: { traceId: '0'.repeat(32), spanId: '0'.repeat(16) } }))
    await receiver.until('two spans', () => receiver.spans.length === 2)
    for (const span of receiver.spans) {
      assert.match(span.traceId, /^[0-9a-f]{32}$/)
      assert.notEqual(span.traceId, '0'.repeat(32))
      assert.equal(span.parentSpanId, '')
    }
    assert.notEqual(receiver.spans[0]!.traceId, receiver.spans[1]!.traceId)
    assert.deepEqual(new Set(receiver.requests.map(({ path }) => path)), new Set(['/custom']))
  })

  test('what is not known of a block is left out, and an open block is not sent', async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const { otlp } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
    otlp.block(block({ id: 'open', open: true }))
    const unknown = {
      function: null,
      file: null,
      line: null,
      column: null,
      api: null,
      stack: [],
      activity: null,
      route: null,
    }
    otlp.block(block({ id: 'closed', cause: 'gc', ...unknown }))
    await receiver.until('a span', () => receiver.spans.length > 0)
    assert.deepEqual(
      receiver.spans.map(({ attributes }) => attributes),
      [
        {
          'loopscope.block.cause': 'gc',
          'loopscope.block.id': 'closed',
          'loopscope.instance': 'host:42:main',
          'loopscope.block.victims.count': 3,
          'loopscope.block.victims.time': 0.25,
          'thread.name': 'main',
        },
      ],
    )
  })

  test('stop sends what is left', async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const slow = { OTEL_BSP_SCHEDULE_DELAY: '60000', OTEL_METRIC_EXPORT_INTERVAL: '60000' }
    const { otlp } = await start(
      { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...slow },
      { families, stopTimeoutMs: 5000 },
    )
    otlp.block(block())
    await otlp.stop()
    assert.equal(receiver.spans.length, 1)
    assert.equal(receiver.metrics.length, 3)
    assert.deepEqual(otlp.counts(), { pending: 0, sent: 1, lost: 0 })
  })
})

suite('what happens when it cannot be sent', () => {
  test('an endpoint that is down costs one line and bounded memory; it goes on when the endpoint is back', async (t) => {
    const port = await unusedPort()
    let now = NOW
    const { otlp, lines } = await start(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        // Shorter than the first pause between two attempts, so that each export fails at once.
        OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      },
      { families, now: () => now },
    )
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 10_000; i++) otlp.block(block({ id: `b${i}` }))
    assert.equal(otlp.counts().pending, 2048)
    assert.equal(otlp.counts().lost, 10_000 - 2048)
    await poll('all given up', () => otlp.counts().pending === 0)
    await sleep(300)
    assert.deepEqual(otlp.counts(), { pending: 0, sent: 0, lost: 10_000 })
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(
      lines[0]!,
      /^warn OTLP export of (traces|metrics) to http:\/\/127\.0\.0\.1:\d+\/v1\/\w+ fails: connect ECONNREFUSED/,
    )
    assert.match(lines[0]!, /check OTEL_EXPORTER_OTLP_ENDPOINT/)
    const grown = process.memoryUsage().heapUsed - before
    assert.ok(grown < 30e6, `${Math.round(grown / 1e6)} MB more than before`)

    now += 60_000
    otlp.block(block())
    await poll('a second line a minute later', () => lines.length > 1)
    assert.match(lines[1]!, /fails: connect ECONNREFUSED [^,]+, 1000[01] blocks lost so far/)

    const receiver = await startReceiver('http', port)
    t.after(() => receiver.close())
    otlp.block(block({ id: 'after' }))
    await receiver.until('spans and metrics again', () => receiver.spans.length > 0 && receiver.metrics.length > 0)
    assert.equal(receiver.spans.at(-1)!.attributes['loopscope.block.id'], 'after')
    await poll('the line that it works again', () =>
      lines.some((line) => line.startsWith('info OTLP export of traces')),
    )
    assert.equal(lines.filter((line) => line.startsWith('warn')).length, 2, lines.join('\n'))
  })

  test('an endpoint that refuses is named with its status', async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    receiver.answer(404)
    const { otlp, lines } = await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces` })
    for (let i = 0; i < 5; i++) {
      otlp.block(block())
      await sleep(40)
    }
    await poll('all refused', () => otlp.counts().lost === 5)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0]!, /\/v1\/traces fails: Not Found \(404\), \d blocks? lost so far/)
  })

  test('more blocks than the queue holds are counted and said, though the endpoint is up', async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const { otlp, lines } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_MAX_QUEUE_SIZE: '10' })
    for (let i = 0; i < 25; i++) otlp.block(block())
    await poll('the rest is sent', () => otlp.counts().sent === 10)
    assert.deepEqual(otlp.counts(), { pending: 0, sent: 10, lost: 15 })
    assert.deepEqual(lines.length, 1)
    assert.match(
      lines[0]!,
      /more blocks than OTLP export can send, 15 blocks lost so far; raise OTEL_BSP_MAX_QUEUE_SIZE/,
    )
  })

  test('stop does not wait for an endpoint that never answers', async (t) => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    t.after(() => silent.close())
    const { otlp } = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '1500',
    })
    otlp.block(block())
    const from = performance.now()
    await otlp.stop()
    assert.ok(performance.now() - from < 1000)
    otlp.block(block())
  })

  test('metrics that cannot be read are one line, and blocks still go', async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const broken = (): Family[] => {
      throw new Error('no families today')
    }
    const { otlp, lines } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, { families: broken })
    otlp.block(block())
    await receiver.until('a span', () => receiver.spans.length > 0)
    await poll('a line', () => lines.length > 0)
    await sleep(250)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0]!, /no families today/)
    // The SDK's log is the process': what this one goes on saying would be in the next one's lines.
    await otlp.stop()
  })
})

suite('how it is switched on', () => {
  test('without an endpoint, or when disabled, nothing starts and nothing is said', async () => {
    for (const environment of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }]) {
      const { otlp, lines } = await start(environment)
      otlp.block(block())
      await otlp.stop()
      assert.deepEqual(otlp.counts(), { pending: 0, sent: 0, lost: 0 })
      assert.deepEqual(lines, [])
    }
  })

  test('a package that is not installed is one line with the command that installs it', async (t) => {
    const empty = await mkdtemp(join(tmpdir(), 'loopscope-otlp-'))
    t.after(() => rm(empty, { recursive: true }))
    const { otlp, lines } = await start(
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
      { from: join(empty, 'x.js') },
    )
    otlp.block(block())
    await otlp.stop()
    assert.deepEqual(lines, [
      'warn OTLP export is off: @opentelemetry/sdk-node is not installed; run: npm install @opentelemetry/sdk-node@0.301',
    ])
  })

  test('an unknown protocol is one line, and the default is used', async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const { otlp, lines } = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/xml',
    })
    otlp.block(block())
    await receiver.until('a span', () => receiver.spans.length > 0)
    assert.equal(receiver.requests[0]!.headers['content-type'], 'application/x-protobuf')
    assert.deepEqual(lines, [
      'warn OTEL_EXPORTER_OTLP_PROTOCOL="http/xml" is not one of http/protobuf, http/json, grpc; using http/protobuf',
    ])
  })

  test("the process's own environment is as it was", async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    process.env['OTEL_SERVICE_NAME'] = 'of the process'
    t.after(() => delete process.env['OTEL_SERVICE_NAME'])
    const before = { ...process.env }
    const { otlp } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
    assert.deepEqual({ ...process.env }, before)
    otlp.block(block())
    await receiver.until('a span', () => receiver.spans.length > 0)
    assert.equal(receiver.spans[0]!.resource['service.name'], 'shop')
  })
})

/** For what no request announces. */
async function poll(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 8000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 8 s: ${what}`)
    await sleep(10)
  }
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
