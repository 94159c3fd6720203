/**
 * A realistic snapshot for tests, of this package and of others (import it by its path: testing/ is not in the package).
 * A shop API under load: one slow report that blocks, a coupon check that blocks now, a full pool, background work that
 * piles up.
 */
import { Histogram } from '../model/histogram.ts'
import {
  TABLES,
  type BlameRow,
  type BlockRow,
  type CulpritRow,
  type HistogramData,
  type InstanceSnapshot,
  type Quantiles,
} from '../protocol/index.ts'

/** Times of the snapshot are around this: 2026-01-02 03:04:05 UTC. */
export const SNAPSHOT_NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

export function histogramOf(...values: number[]): HistogramData {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram.toData()
}

export function quantiles(p50: number, p90: number, p99: number, max: number): Quantiles {
  return { p50, p90, p99, max }
}

export function snapshotOf(id = 'shop-api-4242-0', now = SNAPSHOT_NOW): InstanceSnapshot {
  return {
    id,
    now,
    instances: [
      {
        id,
        service: 'shop-api',
        pid: 4242,
        host: 'shop-1',
        thread: 'main',
        node: '24.21.0',
        agent: '0.1.0',
        startedAt: now - 192 * 60_000,
        lastSeen: now,
        status: 'blocked',
        hooked: [
          { module: 'http', version: '24.21.0', how: 'channel' },
          { module: 'express', version: '5.3.0', how: 'channel' },
          { module: 'pg-pool', version: '3.10.1', how: 'patch' },
          { module: 'koa', version: '1.7.0', how: 'none', why: 'only koa 2 and later are known' },
        ],
        cost: { cpu: 0.004, memory: 21_000_000, dropped: 3 },
        url: 'http://127.0.0.1:9464',
      },
    ],
    loop: [
      {
        instance: id,
        thread: 'main',
        utilization: 0.71,
        delay: quantiles(2.1, 11, 48.3, 311),
        busy: { js: 520, gc: 60, syncCall: 110, starved: 20, total: 710 },
        turnsPerSecond: 1900,
        longestTurn: 311,
        blockedNow: { since: now - 4200, duration: 4200 },
      },
    ],
    blocks: [finishedBlock(id, now), openBlock(id, now)],
    hot: [
      hot(id, 'GET /report', 'hashPassword', 'src/report.ts', 41, 120, 0.48),
      hot(id, 'POST /coupon', 'validateCoupon', 'src/coupon.ts', 12, 60, 0.24),
      hot(id, 'GET /cart/:id', 'validateCoupon', 'src/coupon.ts', 12, 20, 0.08),
      hot(id, null, 'validateCoupon', 'src/coupon.ts', 19, 10, 0.04),
    ],
    routes: [
      {
        instance: id,
        route: 'GET /report',
        count: 186,
        inFlight: 2,
        rate: 3.1,
        latency: quantiles(320, 350, 401, 420),
        breakdown: { onLoop: 298, loopWait: 14, other: 12 },
        errors: 0,
        blockedFor: 0,
        caused: 9800,
      },
      {
        instance: id,
        route: 'GET /cart/:id',
        count: 24_720,
        inFlight: 38,
        rate: 412,
        latency: quantiles(9, 60, 340, 390),
        breakdown: { onLoop: 0.4, loopWait: 11, poolWait: 4.2, db: 3.1, timer: 0.1, other: 0.3 },
        errors: 17,
        blockedFor: 310,
        caused: 12,
      },
    ],
    tasks: [
      task(id, 'r1', 'request', 'GET /report', 'running', 180, null),
      task(id, 'r2', 'request', 'GET /cart/:id', 'waiting', 1210, { kind: 'pool', name: 'pg main', since: now - 1200 }),
      task(id, 'b1', 'background', 'sendNewsletter', 'waiting', 41_000, {
        kind: 'timer',
        name: '5 s',
        since: now - 900,
      }),
    ],
    pools: [
      {
        instance: id,
        kind: 'libuv',
        system: 'libuv',
        name: 'thread pool',
        limit: 4,
        used: null,
        idle: null,
        pending: null,
        wait: { p50: 12, p99: 210, max: 260 },
        use: null,
        timeouts: 0,
        holders: [],
        probeAge: 150,
      },
      {
        instance: id,
        kind: 'db',
        system: 'postgresql',
        name: 'main',
        limit: 10,
        used: 10,
        idle: 0,
        pending: 23,
        wait: { p50: 80, p99: 1200, max: 1900 },
        use: { p50: 40, p99: 8000, max: 8200 },
        timeouts: 2,
        holders: [{ activity: `${id}-r9`, route: 'GET /export', site: 'exportOrders src/export.ts:22', age: 8100 }],
      },
    ],
    background: [
      {
        instance: id,
        name: 'sendNewsletter',
        running: 12,
        oldest: 41_000,
        started: 90,
        ended: 78,
        failed: 3,
        site: 'src/newsletter.ts:9:5',
      },
    ],
    streams: [
      {
        instance: id,
        route: 'GET /events',
        active: 12,
        oldest: 240_000,
        opened: 2,
        ended: 7,
        aborted: 6,
        ttfb: { p50: 18, p99: 31, max: 31 },
        bytes: 4_100_000,
        chunks: 800,
        buffered: 2_400_000,
        stalls: 9,
        stalledTime: 21_000,
        ignored: 48,
        site: 'sendEvent src/events.ts:31',
      },
    ],
    culprits: [culpritOf(finishedBlock(id, now))],
    blame: [blameOf(finishedBlock(id, now))],
    websockets: [
      {
        instance: id,
        library: 'ws',
        path: '/prices',
        connections: 312,
        oldest: 5_400_000,
        opened: 14,
        closed: 9,
        messagesIn: 1800,
        messagesOut: 93_600,
        bytesIn: 64_000,
        bytesOut: 11_200_000,
        rateIn: 30,
        rateOut: 1560,
        handler: quantiles(0.2, 0.4, 1.9, 12),
        buffered: 3_400_000,
        slow: 2,
        slowest: 38_000,
      },
    ],
    layers: [
      {
        instance: id,
        route: 'GET /report',
        kind: 'handler',
        name: 'report',
        file: 'src/report.ts',
        line: 12,
        position: 2,
        measured: 40,
        calls: 40,
        async: 1,
        failed: 0,
        onLoop: { mean: 180, max: 410 },
        wait: { mean: 12, max: 30 },
      },
      {
        instance: id,
        route: 'GET /report',
        kind: 'middleware',
        name: 'authenticate',
        file: 'src/app.ts',
        line: 7,
        position: 1,
        measured: 40,
        calls: 40,
        async: 0,
        failed: 1,
        onLoop: { mean: 0.2, max: 0.6 },
        wait: { mean: 0, max: 0 },
      },
    ],
    totals: {
      allowed: [{ why: 'nightly price import', duration: histogramOf(900) }],
      startUp: 1210,
      busy: 8_100_000,
      idle: 3_400_000,
      turns: histogramOf(0.1, 0.3, 0.5, 1.5, 3, 9, 120, 311),
      delay: histogramOf(0.2, 0.4, 1, 2, 2, 5, 48, 311),
      gc: [
        { kind: 'minor', duration: histogramOf(0.8, 1.1, 1.4) },
        { kind: 'major', duration: histogramOf(9.5) },
      ],
      blocks: [
        {
          cause: 'sync-call',
          function: 'hashPassword',
          file: 'src/report.ts',
          route: 'GET /report',
          duration: histogramOf(290, 300, 311),
          exemplar: { ...TRACE, value: 311, at: now - 8000 },
        },
        { cause: 'js', function: 'other', file: '', route: '', duration: histogramOf(52, 61) },
      ],
      victims: [{ route: 'GET /cart/:id', culprit: 'GET /report', time: 9800 }],
      requests: [
        { method: 'GET', route: '/report', status: 200, duration: histogramOf(320, 350, 401) },
        { method: 'GET', route: '/cart/:id', status: 200, duration: histogramOf(8, 9, 10, 340) },
        { method: 'GET', route: '/cart/:id', status: 503, duration: histogramOf(390) },
      ],
      waits: [
        { route: '/cart/:id', wait: 'onLoop', time: 9900 },
        { route: '/cart/:id', wait: 'poolWait', time: 104_000 },
      ],
      pools: [
        {
          system: 'postgresql',
          name: 'main',
          wait: histogramOf(0.1, 80, 1200),
          use: histogramOf(4, 40, 8000),
          timeouts: 2,
        },
      ],
      threadpoolWait: histogramOf(0.1, 0.2, 12, 210),
      tasks: [{ name: 'sendNewsletter', duration: histogramOf(9000, 12_000), failures: 3, started: 3, unhandled: 1 }],
      websockets: [
        {
          library: 'ws',
          path: '/prices',
          messagesIn: 41_000,
          messagesOut: 2_100_000,
          bytesIn: 1_400_000,
          bytesOut: 252_000_000,
          handler: histogramOf(0.1, 0.2, 0.4, 1.9, 12),
        },
      ],
      streams: [{ route: 'GET /events', stalledTime: 32_000 }],
      process: {
        cpuUser: 7_900_000,
        cpuSystem: 410_000,
        rss: 180_000_000,
        heapUsed: 61e6,
        heapTotal: 92e6,
        uptime: 11_520_000,
      },
      agent: { cpu: 46_000, memory: 21_000_000, events: 1_250_000, dropped: 3, captures: 5200, captureCost: 420 },
    },
  }
}

/** How many rows it has in all tables. */
export function countRows(snapshot: InstanceSnapshot): number {
  return TABLES.reduce((sum, table) => sum + snapshot[table].length, 0)
}

function finishedBlock(id: string, now: number): BlockRow {
  return {
    id: `${id}-b17`,
    instance: id,
    thread: 'main',
    at: now - 8311,
    duration: 311,
    cause: 'sync-call',
    function: 'hashPassword',
    file: 'src/report.ts',
    line: 41,
    column: 18,
    api: 'crypto.pbkdf2Sync',
    stack: [
      { function: 'pbkdf2Sync', file: 'node:internal/crypto/pbkdf2', line: 62, column: 19, async: false },
      { function: 'hashPassword', file: 'src/report.ts', line: 41, column: 18, async: false },
      { function: 'getReport', file: 'src/report.ts', line: 12, column: 16, async: true },
    ],
    activity: { kind: 'request', name: 'GET /report', id: `${id}-r1` },
    route: 'GET /report',
    trace: TRACE,
    victims: { count: 47, time: 9800, byRoute: { 'GET /cart/:id': 47 } },
    evidence: { samples: 30, cpu: 309, gc: 0 },
  }
}

function blameOf({ instance, route, cause, function: fn, file, line, victims }: BlockRow): BlameRow {
  const code = { culprit: route, cause, function: fn, file, line }
  const time = { time: victims.time, perMinute: victims.time, count: victims.count, exact: 1200, isEstimate: true }
  return { instance, route: 'GET /cart/:id', ...code, ...time }
}

/** As if it had blocked this once. */
export function culpritOf(block: BlockRow): CulpritRow {
  const { instance, cause, function: fn, file, line, column, api, route, duration, victims, at } = block
  return {
    id: [instance, fn ?? cause, file, line, route].join('|'),
    ...{ instance, cause, function: fn, file, line, column, api, route, victims },
    ...{ count: 1, total: duration, max: duration, p50: duration, firstAt: at, lastAt: at + duration },
  }
}

function openBlock(id: string, now: number): BlockRow {
  return {
    id: `${id}-b18`,
    instance: id,
    thread: 'main',
    at: now - 4200,
    duration: 4200,
    cause: 'js',
    function: 'validateCoupon',
    file: 'src/coupon.ts',
    line: 12,
    column: 9,
    api: null,
    stack: [{ function: 'validateCoupon', file: 'src/coupon.ts', line: 12, column: 9, async: false }],
    activity: { kind: 'request', name: 'POST /coupon', id: `${id}-r2` },
    route: 'POST /coupon',
    trace: null,
    victims: { count: 12, time: 20_100, byRoute: { 'GET /cart/:id': 11, 'GET /report': 1 } },
    evidence: { samples: 400 },
    open: true,
  }
}

function hot(
  instance: string,
  route: string | null,
  name: string,
  file: string,
  line: number,
  samples: number,
  share: number,
): InstanceSnapshot['hot'][number] {
  const error = Math.sqrt((share * (1 - share)) / 250)
  return { instance, route, function: name, file, line, column: 9, samples, share, error, time: share * 7100 }
}

function task(
  instance: string,
  id: string,
  kind: 'request' | 'background',
  name: string,
  state: 'running' | 'waiting',
  age: number,
  waitingOn: { kind: string; name: string; since: number } | null,
): InstanceSnapshot['tasks'][number] {
  return {
    id: `${instance}-${id}`,
    instance,
    kind,
    name,
    state,
    age,
    onLoop: 12,
    waitingOn,
    site: 'src/app.ts:7:3',
    parent: null,
  }
}

/** A worker of BullMQ. */
export function withQueue(snapshot: InstanceSnapshot): InstanceSnapshot {
  const { id, now, pools, totals } = snapshot
  const [task] = totals.tasks
  return {
    ...snapshot,
    pools: [
      ...pools,
      {
        instance: id,
        kind: 'queue',
        system: 'bullmq',
        name: 'mails',
        limit: 4,
        used: 4,
        idle: null,
        pending: 17,
        wait: { p50: 40, p99: 900, max: 900 },
        use: { p50: 120, p99: 130, max: 130 },
        timeouts: 0,
        holders: [{ activity: `${id}-j1`, route: 'mails:send', site: null, age: 90 }],
        jobs: { stalled: 1, lateRenewals: 2, worstRenewal: { late: 4100, at: now - 300, block: null } },
      },
    ],
    totals: {
      ...totals,
      tasks: [{ ...task!, started: 3, unhandled: 1 }],
      queues: [
        {
          ...{ system: 'bullmq', name: 'mails', wait: histogramOf(40, 900), use: histogramOf(120, 130) },
          ...{ stalled: 1, lateRenewals: 2 },
        },
      ],
    },
  }
}

/** Calls to another server. */
export function withCalls(snapshot: InstanceSnapshot): InstanceSnapshot {
  const { id, pools, totals } = snapshot
  return {
    ...snapshot,
    pools: [
      ...pools,
      {
        instance: id,
        kind: 'http-client',
        system: 'undici',
        name: 'api.internal:8080',
        limit: null,
        used: 7,
        idle: 2,
        pending: 0,
        wait: { p50: 0.1, p99: 31, max: 33 },
        use: { p50: 60, p99: 410, max: 520 },
        timeouts: 0,
        holders: [],
        connect: { p50: 12, p99: 31, max: 33 },
        firstByte: { p50: 41, p99: 380, max: 402 },
      },
    ],
    totals: {
      ...totals,
      calls: [
        {
          ...{ system: 'undici', name: 'api.internal:8080' },
          ...{ connect: histogramOf(12, 33), firstByte: histogramOf(41, 44, 402) },
        },
      ],
    },
  }
}
