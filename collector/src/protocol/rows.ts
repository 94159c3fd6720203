/**
 * What every reader gets: the rows of the API, of the stream and of a recording. Durations are ms, times are unix ms.
 * A field that is not known is left out or null, never a plausible zero.
 */
import type { ActivityKind, LayerKind } from './events.ts'

export interface Frame {
  function: string
  file: string
  line: number
  column: number
  async: boolean
}

export interface Quantiles {
  p50: number
  p90: number
  p99: number
  max: number
}

export interface HookRow {
  module: string
  version: string
  how: 'channel' | 'patch' | 'api' | 'none'
  why?: string
}

export interface InstanceRow {
  id: string
  service: string
  pid: number
  host: string
  thread: string
  node: string
  agent: string
  startedAt: number
  lastSeen: number
  status: 'live' | 'blocked' | 'exited'
  hooked: HookRow[]
  /** cpu: share of one core over the last minute; memory: bytes of the agent's worker; dropped: events lost. */
  cost: { cpu: number; memory: number; dropped: number }
  /** Where this process answers, where it does. */
  url?: string
  /** The working directory: files in rows are relative to it where they are inside. */
  cwd?: string
}

export interface LoopRow {
  instance: string
  thread: string
  utilization: number
  delay: Quantiles
  /** ms per second of busy time; a part that is not measured is left out. */
  busy: { js?: number; gc?: number; syncCall?: number; starved?: number; total: number }
  turnsPerSecond: number
  longestTurn: number
  /** The callback that holds the loop now, if it has held it for longer than the threshold. */
  blockedNow: { since: number; duration: number } | null
}

export type Cause = 'js' | 'sync-call' | 'gc' | 'cpu-starved' | 'suspended' | 'unknown'

export interface BlockRow {
  id: string
  instance: string
  thread: string
  at: number
  duration: number
  cause: Cause
  function: string | null
  file: string | null
  line: number | null
  column: number | null
  api: string | null
  /** In whose code the loop was held, when that is a package's; function and line are the program's that called it. */
  package?: { name: string; version?: string } | null
  stack: Frame[]
  activity: { kind: ActivityKind; name: string; id: string } | null
  route: string | null
  trace: { traceId: string; spanId: string } | null
  victims: Victims
  /**
   * Captures, and ms of the block: on a processor, collecting garbage, ready without a processor, of that held back by the
   * cgroup's quota, stopped (SIGSTOP, a debugger, a frozen machine).
   */
  evidence: { samples: number; cpu?: number; gc?: number; runDelay?: number; throttled?: number; suspended?: number }
  callbacks?: BlockCallbacks
  open?: true
  /** Inside allowBlocking(): why. No trouble: in no ranking, no alert, and in a metric of its own. */
  allowed?: string
  /** The loading of modules, before anything could wait for the loop; no trouble either. */
  startup?: true
  /** With `startup`: the modules that captures found being loaded, the slowest first. */
  modules?: ModuleTime[]
  /**
   * The process ended within this block, killed or crashed: `instance` is that process', and the duration what was known
   * last, so the least it was. `successor` is the instance that was started next and tells of it.
   */
  fatal?: true
  successor?: string
}

/** What ran in a block, as far as that is known. */
export interface BlockCallbacks {
  /**
   * Many callbacks made the turn long, and none of them held the loop by itself; the block's function is the one that was
   * seen most. Absent: it is not known.
   */
  isMany?: boolean
  /** Who called them back: poll (sockets, files), timers, setImmediate, promises, process.nextTick. */
  kind: 'events' | 'timers' | 'immediates' | 'microtasks' | 'nextTicks' | null
  /** So many ran at least, by what poll and the activities tell; where it says isMany, also by how short those seen were. */
  count: number
  /** Activities that were captured in it, began or ended in it. */
  activities: number
  /** ms that the longest one that was captured lasted at least. */
  longest?: number
}

/** Activities that could not go on. */
export interface Victims {
  count: number
  /** ms that they waited, all together ... */
  time: number
  /** ... and how much of it is exact: timers, and slots of pools. The rest is an estimate: sockets, and what no hook sees. */
  exact?: number
  /** How many, by route or name of the task. */
  byRoute: Record<string, number>
}

export interface ModuleTime {
  /** A package, or a file of the program. */
  name: string
  /** A file of the program: it runs, or waits for what it loads to be read and compiled. */
  own?: true
  /** ms, by its share of the captures. */
  time: number
}

/** One culprit (function, line and route) in exact numbers since the start; of its blocks only some are kept as rows. */
export interface CulpritRow {
  id: string
  instance: string
  /** As its longest block says. */
  cause: Cause
  function: string | null
  file: string | null
  line: number | null
  column: number | null
  api: string | null
  route: string | null
  count: number
  /** ms that it held the loop, in all and at the most; the median is within 4.5 %. */
  total: number
  max: number
  p50: number
  victims: Victims
  firstAt: number
  /** When its newest block ended. */
  lastAt: number
  allowed?: string
  startup?: true
  /** So many culprits that are not told apart any more: the least harmful ones. */
  others?: number
}

/** `route` waited because of blocks of `culprit`, over the last minute. */
export interface BlameRow {
  instance: string
  /** The victim: a route, or a task's name. */
  route: string
  /** The route whose code held the loop; null: code outside of any request, not known, or not the program's fault. */
  culprit: string | null
  cause: Cause
  function: string | null
  file: string | null
  line: number | null
  /** ms in the last minute; and by the minute, where the instance is younger. */
  time: number
  perMinute: number
  /** How often an activity of the route had to wait. */
  count: number
  /** ms of `time` that are exact. */
  exact?: number
  /** Not all of `time` is exact. */
  isEstimate: boolean
}

export interface HotRow {
  instance: string
  route: string | null
  function: string
  file: string
  line: number
  column: number
  /** As of a block. */
  api?: string
  package?: { name: string }
  samples: number
  share: number
  /** One standard error of `share`. */
  error: number
  time: number
  /** All samples of the instance say as much as so many of equal weight: what `error` was made with. */
  effective?: number
}

export const WAITS = ['loopWait', 'poolWait', 'db', 'http', 'threadPool', 'timer', 'stream', 'other'] as const
export type Wait = (typeof WAITS)[number]

export interface RouteRow {
  instance: string
  route: string
  count: number
  inFlight: number
  /** Requests per second over the window. */
  rate: number
  latency: Quantiles
  /** Only what the sampler can say: quantiles of on-loop time per request are not measured, so they are left out. */
  onLoop?: Quantiles
  /**
   * Mean ms per request by part; sums to the mean latency. Of waits that overlap, the one that ended last has the time.
   * Parts that no hook measures are inside `other`.
   */
  breakdown: { onLoop: number } & Partial<Record<Wait, number>>
  errors: number
  /** ms that requests of this route waited because of blocks, over the window. */
  blockedFor: number
  /** ms that others waited because of blocks of this route, over the window. */
  caused: number
}

export interface TaskRow {
  id: string
  instance: string
  kind: ActivityKind
  name: string
  state: 'running' | 'ready' | 'waiting'
  age: number
  onLoop?: number
  waitingOn: { kind: string; name: string; since: number } | null
  site: string | null
  parent: string | null
}

export interface PoolHolder {
  activity: string | null
  route: string | null
  site: string | null
  age: number
}

export interface PoolRow {
  instance: string
  kind: 'libuv' | 'db' | 'worker' | 'http-client' | 'queue'
  system: string
  name: string
  /** null where there is none, or where it is not known. */
  limit: number | null
  /** null where nothing on this system can tell. */
  used: number | null
  idle: number | null
  pending: number | null
  wait: { p50: number; p99: number; max: number }
  use: { p50: number; p99: number; max: number } | null
  timeouts: number
  holders: PoolHolder[]
  /**
   * http-client, over the last minute: how long new connections took, TLS included; and from the connection to the head of
   * the answer, known when the call is over.
   */
  connect?: { p50: number; p99: number; max: number }
  firstByte?: { p50: number; p99: number; max: number }
  /** libuv: how long the probe that is out now has waited. */
  probeAge?: number
  /**
   * BullMQ, over the last minute: jobs that lost their lock while they ran, and locks that were renewed late; the worst of
   * these, by how much, when, and in which block it should have been.
   */
  jobs?: {
    stalled: number
    lateRenewals: number
    worstRenewal: { late: number; at: number; block: string | null } | null
  }
}

/** Background work, in numbers per name: what runs, how old, how it ended. */
export interface BackgroundRow {
  instance: string
  name: string
  running: number
  oldest: number
  started: number
  ended: number
  failed: number
  site: string | null
  /** Begun and over per second, over the last minute. */
  rateIn?: number
  rateOut?: number
  /** How long those took that were over in the last minute. */
  duration?: { p50: number; p99: number; max: number }
  /** Failures that nobody handled. */
  unhandled?: number
  /** Jobs that were tried before. */
  retried?: number
}

/** Connections that stay open, by library and path: WebSockets (`ws`), and the sockets of a namespace (`socket.io`). */
export interface WebsocketRow {
  instance: string
  library: string
  /** Of the upgrade request, without its query, or the route's template; a namespace. */
  path: string
  /** Open now, and the age of the oldest. */
  connections: number
  oldest: number
  /** Over the last minute, as what follows. */
  opened: number
  closed: number
  messagesIn: number
  messagesOut: number
  /** Of the messages as the program sees them: without frames, uncompressed. */
  bytesIn: number
  bytesOut: number
  /** Messages per second over the window. */
  rateIn: number
  rateOut: number
  /** How long the listeners of a message ran; what they await is not in it. */
  handler: Quantiles
  /** Bytes that wait to be sent, by the last look (once a second). */
  buffered: number
  /** Connections that have had much waiting and do not get rid of it, and since how long the slowest. */
  slow: number
  slowest: number
}

/** What requests of a route pass through, from those of the last minute that were measured: about 20 a second. */
export interface LayerRow {
  instance: string
  route: string
  kind: LayerKind
  name: string
  /** Where it was registered, where that is known. */
  file: string | null
  line: number | null
  /** Its place among the layers of the route, on average. */
  position: number
  /** Requests of the route that were measured, and calls of this layer in them. */
  measured: number
  calls: number
  /** Of 1 how many calls went on beyond their synchronous part: an async handler, or one that calls back later. */
  async: number
  /** Calls that failed or passed an error on. */
  failed: number
  /** Mean ms of its synchronous part, without the layers that it calls in it; `max` of one call. */
  onLoop: { mean: number; max: number }
  /** Mean ms from there until it passed the request on, or was over. */
  wait: { mean: number; max: number }
}

/** Responses that stay open, by route. What is now: active, oldest, buffered; the rest is of the last minute. */
export interface StreamRow {
  instance: string
  route: string
  active: number
  oldest: number
  opened: number
  ended: number
  /** Of those that ended: the client went away, or the connection broke. */
  aborted: number
  /** From the request to the response's head; null where it is known of none. */
  ttfb: { p50: number; p99: number; max: number } | null
  /** As sent, with the head and the framing. */
  bytes: number
  /** Writes, from when it was seen to be a stream. */
  chunks: number
  /** Bytes that wait for clients. */
  buffered: number
  /** How often, and for how long, writers waited for 'drain'. */
  stalls: number
  stalledTime: number
  /** Writes of those who did not wait for it, and where one of them is. */
  ignored: number
  site: string | null
}

/** The tables of the stream, by name. Their keys are the paths under /api/v1/. */
export interface Tables {
  instances: InstanceRow[]
  loop: LoopRow[]
  blocks: BlockRow[]
  hot: HotRow[]
  routes: RouteRow[]
  tasks: TaskRow[]
  pools: PoolRow[]
  background: BackgroundRow[]
  streams: StreamRow[]
  culprits: CulpritRow[]
  blame: BlameRow[]
  websockets: WebsocketRow[]
  layers: LayerRow[]
}

export type TableName = keyof Tables

/** What makes a row the same row as before. */
export const ROW_KEY: { [T in TableName]: (row: Tables[T][number]) => string } = {
  instances: (row) => row.id,
  loop: (row) => row.instance,
  blocks: (row) => row.id,
  hot: (row) => [row.instance, row.route, row.function, row.file, row.line].join('|'),
  routes: (row) => `${row.instance}|${row.route}`,
  tasks: (row) => row.id,
  pools: (row) => [row.instance, row.kind, row.system, row.name].join('|'),
  background: (row) => `${row.instance}|${row.name}`,
  streams: (row) => `${row.instance}|${row.route}`,
  culprits: (row) => row.id,
  blame: (row) => [row.instance, row.route, row.culprit, row.cause, row.function, row.file, row.line].join('|'),
  websockets: (row) => [row.instance, row.library, row.path].join('|'),
  layers: (row) => [row.instance, row.route, row.kind, row.name, row.file, row.line].join('|'),
}

export const TABLES = Object.keys(ROW_KEY) as TableName[]

/** A base-2 exponential histogram on the wire: bucket i of `counts` holds values in (2^((o+i)/2^s), 2^((o+i+1)/2^s)] ms. */
export interface HistogramData {
  scale: number
  offset: number
  counts: number[]
  zeros: number
  count: number
  sum: number
  min: number
  max: number
}

export interface Exemplar {
  traceId: string
  spanId: string
  value: number
  at: number
}

/** Running totals since the start of the instance: what metrics are made of. */
export interface Totals {
  busy: number
  idle: number
  turns: HistogramData
  /** How long a call-back that became ready at a random instant would have waited; one observation per ms of life. */
  delay: HistogramData
  gc?: { kind: string; duration: HistogramData }[]
  /** Top culprits by name, the rest under function 'other'. */
  blocks: {
    cause: Cause
    function: string
    file: string
    route: string
    duration: HistogramData
    exemplar?: Exemplar
  }[]
  victims: { route: string; culprit: string; time: number }[]
  /** Blocks inside allowBlocking(), by reason; they are in no other total. */
  allowed?: { why: string; duration: HistogramData }[]
  /** How long the loading of modules held the loop at the start, where it did for long. */
  startUp?: number
  requests: { method: string; route: string; status: number; duration: HistogramData }[]
  waits: { route: string; wait: Wait | 'onLoop'; time: number }[]
  pools: { system: string; name: string; wait: HistogramData; use: HistogramData; timeouts: number }[]
  /** Calls to other servers, by host. */
  calls?: { system: string; name: string; connect: HistogramData; firstByte: HistogramData }[]
  threadpoolWait: HistogramData
  tasks: { name: string; duration: HistogramData; failures: number; started?: number; unhandled?: number }[]
  /** Queues in the program. */
  queues?: {
    system: string
    name: string
    wait: HistogramData
    use: HistogramData
    /** Of BullMQ. */
    stalled?: number
    lateRenewals?: number
  }[]
  websockets?: {
    library: string
    path: string
    messagesIn: number
    messagesOut: number
    bytesIn: number
    bytesOut: number
    handler: HistogramData
  }[]
  /** Responses that stay open. */
  streams?: { route: string; stalledTime: number }[]
  process: { cpuUser: number; cpuSystem: number; rss: number; heapUsed?: number; heapTotal?: number; uptime: number }
  agent: { cpu: number; memory: number; events: number; dropped: number; captures: number; captureCost: number }
}

/** All that one instance says at one moment: a frame on the wire, and what the API and the metrics are made of. */
export interface InstanceSnapshot extends Tables {
  id: string
  now: number
  totals: Totals
}
