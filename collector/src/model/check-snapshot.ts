/**
 * Whether what another process sent is a snapshot that this collector can hold, serve and turn into metrics. Everything
 * in it is bounded, so that one broken sender cannot fill the collector.
 */
import { ACTIVITY_KINDS, LAYER_KINDS, TABLES, type InstanceSnapshot, type TableName } from '../protocol/index.ts'
import { MIN_INDEX, SCALE } from './histogram.ts'
import {
  amount,
  flag,
  integer,
  list,
  mapOf,
  nullable,
  number,
  oneOf,
  optional,
  record,
  text,
  type Check,
} from './shape.ts'

const MAX_ROWS = 5000
const MAX_SERIES = 5000

const time = amount
const count = amount
const name = text
const share = amount
const quantiles = record({ p50: amount, p90: amount, p99: amount, max: amount })
const poolQuantiles = record({ p50: amount, p99: amount, max: amount })
const cause = oneOf('js', 'sync-call', 'gc', 'cpu-starved', 'suspended', 'unknown')

const frame = record({ function: name, file: name, line: number, column: number, async: flag })

const histogram = record({
  scale: oneOf(SCALE),
  // The model has no bucket below MIN_INDEX; 2^40 ms is 34 years.
  offset: integer(MIN_INDEX, 40 * 2 ** SCALE),
  counts: list(amount, 1024),
  zeros: count,
  count,
  sum: amount,
  min: amount,
  max: amount,
})

const exemplar = record({ traceId: name, spanId: name, value: amount, at: time })

const victims = record({ count, time: amount, exact: optional(amount), byRoute: mapOf(amount, 1000) })

const ROWS: Record<TableName, Check> = {
  instances: record({
    id: name,
    service: name,
    pid: amount,
    host: name,
    thread: name,
    node: name,
    agent: name,
    startedAt: time,
    lastSeen: time,
    status: oneOf('live', 'blocked', 'exited'),
    hooked: list(
      record({ module: name, version: name, how: oneOf('channel', 'patch', 'api', 'none'), why: optional(name) }),
      500,
    ),
    cost: record({ cpu: amount, memory: amount, dropped: count }),
    url: optional(name),
    cwd: optional(name),
  }),
  loop: record({
    instance: name,
    thread: name,
    utilization: share,
    delay: quantiles,
    // A part can come out a little below zero where it is what the others leave.
    busy: record({
      js: optional(number),
      gc: optional(number),
      syncCall: optional(number),
      starved: optional(number),
      total: number,
    }),
    turnsPerSecond: amount,
    longestTurn: amount,
    blockedNow: nullable(record({ since: time, duration: amount })),
  }),
  blocks: record({
    id: name,
    instance: name,
    thread: name,
    at: time,
    duration: amount,
    cause,
    function: nullable(name),
    file: nullable(name),
    line: nullable(number),
    column: nullable(number),
    api: nullable(name),
    package: optional(nullable(record({ name, version: optional(name) }))),
    stack: list(frame, 200),
    activity: nullable(record({ kind: oneOf(...ACTIVITY_KINDS), name, id: name })),
    route: nullable(name),
    trace: nullable(record({ traceId: name, spanId: name })),
    victims,
    evidence: record({
      samples: count,
      cpu: optional(amount),
      gc: optional(amount),
      runDelay: optional(amount),
      throttled: optional(amount),
      suspended: optional(amount),
    }),
    callbacks: optional(
      record({
        isMany: optional(flag),
        kind: nullable(oneOf('events', 'timers', 'immediates', 'microtasks', 'nextTicks')),
        count,
        activities: count,
        longest: optional(amount),
      }),
    ),
    open: optional(oneOf(true)),
    allowed: optional(name),
    startup: optional(oneOf(true)),
    modules: optional(list(record({ name, time: amount }), 50)),
    fatal: optional(oneOf(true)),
    successor: optional(name),
  }),
  hot: record({
    instance: name,
    route: nullable(name),
    function: name,
    file: name,
    line: number,
    column: number,
    api: optional(name),
    package: optional(record({ name })),
    samples: count,
    share,
    error: amount,
    time: amount,
    effective: optional(amount),
  }),
  routes: record({
    instance: name,
    route: name,
    count,
    inFlight: count,
    rate: amount,
    latency: quantiles,
    onLoop: optional(quantiles),
    breakdown: mapOf(number, 20),
    errors: count,
    blockedFor: amount,
    caused: amount,
  }),
  tasks: record({
    id: name,
    instance: name,
    kind: oneOf(...ACTIVITY_KINDS),
    name,
    state: oneOf('running', 'ready', 'waiting'),
    age: amount,
    onLoop: optional(amount),
    waitingOn: nullable(record({ kind: name, name, since: time })),
    site: nullable(name),
    parent: nullable(name),
  }),
  pools: record({
    instance: name,
    kind: oneOf('libuv', 'db', 'worker', 'http-client', 'queue'),
    system: name,
    name,
    limit: nullable(amount),
    used: nullable(count),
    idle: nullable(count),
    pending: nullable(count),
    wait: poolQuantiles,
    use: nullable(poolQuantiles),
    timeouts: count,
    holders: list(record({ activity: nullable(name), route: nullable(name), site: nullable(name), age: amount }), 1000),
    probeAge: optional(amount),
    connect: optional(poolQuantiles),
    firstByte: optional(poolQuantiles),
    jobs: optional(
      record({
        stalled: count,
        lateRenewals: count,
        worstRenewal: nullable(record({ late: amount, at: time, block: nullable(name) })),
      }),
    ),
  }),
  background: record({
    instance: name,
    name,
    running: count,
    oldest: amount,
    started: count,
    ended: count,
    failed: count,
    site: nullable(name),
    rateIn: optional(amount),
    rateOut: optional(amount),
    duration: optional(poolQuantiles),
    unhandled: optional(count),
    retried: optional(count),
  }),
  streams: record({
    instance: name,
    route: name,
    active: count,
    oldest: amount,
    opened: count,
    ended: count,
    aborted: count,
    ttfb: nullable(poolQuantiles),
    bytes: count,
    chunks: count,
    buffered: count,
    stalls: count,
    stalledTime: amount,
    ignored: count,
    site: nullable(name),
  }),
  culprits: record({
    id: name,
    instance: name,
    cause,
    function: nullable(name),
    file: nullable(name),
    line: nullable(number),
    column: nullable(number),
    api: nullable(name),
    route: nullable(name),
    count,
    total: amount,
    max: amount,
    p50: amount,
    victims,
    firstAt: time,
    lastAt: time,
    allowed: optional(name),
    startup: optional(oneOf(true)),
    others: optional(count),
  }),
  blame: record({
    instance: name,
    route: name,
    culprit: nullable(name),
    cause,
    function: nullable(name),
    file: nullable(name),
    line: nullable(number),
    time: amount,
    perMinute: amount,
    count,
    exact: optional(amount),
    isEstimate: flag,
  }),
  websockets: record({
    instance: name,
    library: name,
    path: name,
    connections: count,
    oldest: amount,
    opened: count,
    closed: count,
    messagesIn: count,
    messagesOut: count,
    bytesIn: count,
    bytesOut: count,
    rateIn: amount,
    rateOut: amount,
    handler: quantiles,
    buffered: count,
    slow: count,
    slowest: amount,
  }),
  layers: record({
    instance: name,
    route: name,
    kind: oneOf(...LAYER_KINDS),
    name,
    file: nullable(name),
    line: nullable(number),
    position: amount,
    measured: count,
    calls: count,
    async: share,
    failed: count,
    onLoop: record({ mean: amount, max: amount }),
    wait: record({ mean: amount, max: amount }),
  }),
}

const totals = record({
  busy: amount,
  idle: amount,
  turns: histogram,
  delay: histogram,
  gc: optional(list(record({ kind: name, duration: histogram }), 20)),
  blocks: list(
    record({ cause, function: name, file: name, route: name, duration: histogram, exemplar: optional(exemplar) }),
    MAX_SERIES,
  ),
  victims: list(record({ route: name, culprit: name, time: amount }), MAX_SERIES),
  allowed: optional(list(record({ why: name, duration: histogram }), MAX_SERIES)),
  startUp: optional(amount),
  requests: list(record({ method: name, route: name, status: integer(0, 999), duration: histogram }), MAX_SERIES),
  waits: list(record({ route: name, wait: name, time: number }), MAX_SERIES),
  pools: list(record({ system: name, name, wait: histogram, use: histogram, timeouts: count }), 500),
  calls: optional(list(record({ system: name, name, connect: histogram, firstByte: histogram }), 500)),
  threadpoolWait: histogram,
  tasks: list(
    record({ name, duration: histogram, failures: count, started: optional(count), unhandled: optional(count) }),
    MAX_SERIES,
  ),
  queues: optional(
    list(
      record({
        system: name,
        name,
        wait: histogram,
        use: histogram,
        stalled: optional(count),
        lateRenewals: optional(count),
      }),
      MAX_SERIES,
    ),
  ),
  websockets: optional(
    list(
      record({
        library: name,
        path: name,
        messagesIn: count,
        messagesOut: count,
        bytesIn: count,
        bytesOut: count,
        handler: histogram,
      }),
      MAX_SERIES,
    ),
  ),
  streams: optional(list(record({ route: name, stalledTime: amount }), MAX_SERIES)),
  process: record({
    cpuUser: amount,
    cpuSystem: amount,
    rss: amount,
    heapUsed: optional(amount),
    heapTotal: optional(amount),
    uptime: amount,
  }),
  agent: record({ cpu: amount, memory: amount, events: count, dropped: count, captures: count, captureCost: amount }),
})

const snapshot = record({
  id: name,
  now: time,
  totals,
  ...Object.fromEntries(TABLES.map((table) => [table, list(ROWS[table], MAX_ROWS)])),
})

/** Why it is no row of this table, or null. */
export function checkRow(table: TableName, value: unknown): string | null {
  return ROWS[table](value, 'row')
}

/** The snapshot, or in one sentence what is wrong with it. */
export function checkSnapshot(value: unknown): InstanceSnapshot | { error: string } {
  const problem = snapshot(value, 'snapshot')
  if (problem !== null) return { error: problem }
  const checked = value as InstanceSnapshot
  if (checked.id === '') return { error: 'snapshot.id must not be empty' }
  // A snapshot speaks of its own instance alone: nobody can write into the tables of another.
  for (const table of TABLES) {
    for (const row of checked[table]) {
      const owner = 'instance' in row ? row.instance : row.id
      // What a killed process was in is told by the next one.
      const teller = 'successor' in row ? row.successor : owner
      if (teller !== checked.id) return { error: `snapshot.${table} has a row of another instance` }
    }
  }
  return checked
}
