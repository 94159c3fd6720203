import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { histogramOf, snapshotOf, withCalls, withQueue } from '../testing/snapshot.ts'
import type { InstanceSnapshot } from '../protocol/index.ts'
import { families, TOPICS } from './families.ts'
import type { Point } from './family.ts'
import { METRICS, type MetricKey } from './names.ts'

function pointsOf(metric: MetricKey, ...snapshots: InstanceSnapshot[]): Point[] {
  return families(snapshots).find(({ name }) => name === METRICS[metric].name)?.points ?? []
}

function values(metric: MetricKey, ...snapshots: InstanceSnapshot[]): unknown[] {
  return pointsOf(metric, ...snapshots).map((point) => {
    const attributes = { ...point.attributes }
    delete attributes['loopscope.instance']
    return [attributes, 'value' in point ? point.value : point.histogram.count]
  })
}

test('every topic is in the list', async () => {
  const files = await readdir(new URL('topics/', import.meta.url))
  assert.deepEqual(TOPICS.map(({ name }) => `${name}.ts`).sort(), files.filter((file) => file.endsWith('.ts')).sort())
})

test('a busy server fills every metric but those that nothing on its system can tell', () => {
  const found = new Set(families([withCalls(withQueue(snapshotOf()))]).map(({ name }) => name))
  const missing = Object.values(METRICS).filter(({ name }) => !found.has(name))
  assert.deepEqual(
    missing.map(({ name }) => name),
    [METRICS.threadpoolActive.name, METRICS.threadpoolQueued.name],
  )
})

test('every point says of which instance it is', () => {
  for (const { points } of families([snapshotOf('a'), snapshotOf('b')])) {
    assert.deepEqual([...new Set(points.map(({ attributes }) => attributes['loopscope.instance']))], ['a', 'b'])
  }
})

test('durations are in seconds, shares are shares', () => {
  assert.deepEqual(values('blockedDuration', snapshotOf()), [[{}, 4.2]])
  assert.deepEqual(values('utilization', snapshotOf()), [[{}, 0.71]])
  assert.deepEqual(values('busyTime', snapshotOf()), [
    [{ cause: 'js' }, 0.52],
    [{ cause: 'gc' }, 0.06],
    [{ cause: 'sync-call' }, 0.11],
    [{ cause: 'starved' }, 0.02],
  ])
  assert.deepEqual(values('taskOldestAge', snapshotOf()), [[{ 'loopscope.task.name': 'sendNewsletter' }, 41]])
})

test('a queue is its own metric, by system and name, and no database', () => {
  const snapshot = withQueue(snapshotOf())
  const mails = { 'loopscope.queue.system': 'bullmq', 'loopscope.queue.name': 'mails' }
  assert.deepEqual(values('queuePending', snapshot), [[mails, 17]])
  assert.deepEqual(values('queueActive', snapshot), [[mails, 4]])
  assert.deepEqual(values('queueWait', snapshot), [[mails, 2]])
  assert.deepEqual(values('queueLateRenewals', snapshot), [[mails, 2]])
  assert.equal(values('connectionCount', snapshot).length, 2)
  assert.deepEqual(values('taskUnhandled', snapshot), [[{ 'loopscope.task.name': 'sendNewsletter' }, 1]])
})

test('calls have their times by host and port; who has no port is named as it is', () => {
  const snapshot = withCalls(snapshotOf())
  const system = { 'loopscope.http.client.system': 'undici' }
  const host = { ...system, 'server.address': 'api.internal', 'server.port': 8080 }
  assert.deepEqual(values('callConnect', snapshot), [[host, 2]])
  assert.deepEqual(values('callFirstByte', snapshot), [[host, 3]])
  snapshot.totals.calls![0]!.name = 'other hosts'
  snapshot.totals.calls![0]!.connect = histogramOf()
  assert.deepEqual(values('callConnect', snapshot), [])
  assert.deepEqual(values('callFirstByte', snapshot), [[{ ...system, 'server.address': 'other hosts' }, 3]])
  assert.equal(values('connectionCount', snapshot).length, 2)
})

test('a loop that is not blocked is blocked for 0 s', () => {
  const snapshot = snapshotOf()
  snapshot.loop[0]!.blockedNow = null
  assert.deepEqual(values('blockedDuration', snapshot), [[{}, 0]])
})

test('what is not known gives no point, not a zero', () => {
  const snapshot = snapshotOf()
  snapshot.pools[1]!.idle = null
  delete snapshot.totals.gc
  delete snapshot.loop[0]!.busy.starved
  snapshot.totals.delay = histogramOf()
  const states = pointsOf('connectionCount', snapshot).map(({ attributes }) => attributes['db.client.connection.state'])
  assert.deepEqual(states, ['used'])
  assert.deepEqual(values('gcDuration', snapshot), [])
  assert.equal(values('busyTime', snapshot).length, 3)
  assert.deepEqual(values('delayMean', snapshot), [])
})

test('mean and standard deviation of the delay are those of the observations, within a bucket', () => {
  const snapshot = snapshotOf()
  const observed = [0, 0, 3, 3, 5, 40, 41]
  snapshot.totals.delay = histogramOf(...observed)
  const mean = observed.reduce((sum, value) => sum + value, 0) / observed.length
  const deviation = Math.sqrt(observed.reduce((sum, value) => sum + (value - mean) ** 2, 0) / observed.length)
  const [, meanSeconds] = values('delayMean', snapshot)[0] as [unknown, number]
  const [, deviationSeconds] = values('delayStddev', snapshot)[0] as [unknown, number]
  assert.ok(Math.abs(meanSeconds * 1000 - mean) < 1e-9)
  assert.ok(Math.abs(deviationSeconds * 1000 - deviation) < deviation * 0.05, `${deviationSeconds} for ${deviation}`)
})

test('a route has the same labels in every metric', () => {
  const cart = { 'http.request.method': 'GET', 'http.route': '/cart/:id' }
  assert.deepEqual(values('activeRequests', snapshotOf())[1], [cart, 38])
  assert.deepEqual(values('requestDuration', snapshotOf())[2], [
    { ...cart, 'http.response.status_code': 503, 'error.type': '503' },
    1,
  ])
  assert.deepEqual(values('victimTime', snapshotOf()), [[{ ...cart, 'culprit.route': 'GET /report' }, 9.8]])
  assert.deepEqual(values('blockDuration', snapshotOf()), [
    [
      {
        cause: 'sync-call',
        'code.function.name': 'hashPassword',
        'code.file.path': 'src/report.ts',
        'http.request.method': 'GET',
        'http.route': '/report',
      },
      3,
    ],
    [{ cause: 'js', 'code.function.name': 'other' }, 2],
  ])
})

test('a request that was aborted before its status has none', () => {
  const snapshot = snapshotOf()
  snapshot.totals.requests = [{ method: 'POST', route: '/x', status: 0, duration: histogramOf(1) }]
  assert.deepEqual(values('requestDuration', snapshot), [[{ 'http.request.method': 'POST', 'http.route': '/x' }, 1]])
})

test('two rows of one series are one point: totals add up', () => {
  const snapshot = snapshotOf()
  snapshot.totals.waits = [
    { route: '/x', wait: 'db', time: 1000 },
    { route: '/x', wait: 'db', time: 500 },
  ]
  const row = { method: 'GET', route: '/x', status: 200 }
  snapshot.totals.requests = [
    { ...row, duration: histogramOf(1, 100) },
    { ...row, duration: histogramOf(5) },
  ]
  assert.deepEqual(values('requestWaitTime', snapshot), [[{ 'http.route': '/x', wait: 'db' }, 1.5]])
  const [point] = pointsOf('requestDuration', snapshot)
  assert.ok(point && 'histogram' in point)
  assert.deepEqual([point.histogram.count, point.histogram.sum, point.histogram.max], [3, 106, 100])
})

test('a library that was seen but not hooked is a point as well', () => {
  const hooks = pointsOf('agentHook', snapshotOf()).map(({ attributes }) => `${attributes.module} ${attributes.how}`)
  assert.ok(hooks.includes('koa none'), hooks.join())
})

test('an instance that has exited keeps its totals and claims no present', () => {
  const snapshot = snapshotOf()
  snapshot.instances[0]!.status = 'exited'
  const types = new Set(families([snapshot]).map(({ type }) => type))
  assert.deepEqual([...types].sort(), ['counter', 'histogram'])
})

test('a process that nobody has looked at yet has no zeros', () => {
  const snapshot = snapshotOf()
  snapshot.totals.process = { cpuUser: 0, cpuSystem: 0, rss: 0, uptime: 0 }
  assert.deepEqual(values('processCpuTime', snapshot), [])
  assert.deepEqual(values('processMemory', snapshot), [])
})
