/**
 * Every metric, once: exporters, dashboards, alerts and documentation take names from here. Semantic-convention names
 * where there is one, `loopscope.` where there is none. Names are a contract: add, do not rename.
 */
import type { Family } from './family.ts'

export interface MetricDefinition {
  readonly name: string
  /** UCUM, as OpenTelemetry writes it: `s`, `By`, `1`, `{connection}`. */
  readonly unit: string
  readonly type: Family['type']
  readonly help: string
}

export const METRICS = {
  utilization: {
    name: 'nodejs.eventloop.utilization',
    unit: '1',
    type: 'gauge',
    help: 'Share of the last seconds in which the event loop was busy.',
  },
  loopTime: {
    name: 'nodejs.eventloop.time',
    unit: 's',
    type: 'counter',
    help: 'Time that the event loop was active or idle, by nodejs.eventloop.state.',
  },
  delayMin: delay('min', 'the shortest since the start'),
  delayMax: delay('max', 'the longest of the last seconds'),
  delayMean: delay('mean', 'the mean since the start'),
  delayStddev: delay('stddev', 'the standard deviation since the start'),
  delayP50: delay('p50', 'the median of the last seconds'),
  delayP90: delay('p90', 'the 90th percentile of the last seconds'),
  delayP99: delay('p99', 'the 99th percentile of the last seconds'),
  delay: {
    name: 'loopscope.eventloop.delay',
    unit: 's',
    type: 'histogram',
    help: 'How long a callback that became ready at a random instant would have waited for the event loop.',
  },
  turnDuration: {
    name: 'loopscope.eventloop.turn.duration',
    unit: 's',
    type: 'histogram',
    help: 'Busy time of each turn of the event loop.',
  },
  blockedDuration: {
    name: 'loopscope.eventloop.blocked.duration',
    unit: 's',
    type: 'gauge',
    help: 'How long the event loop has been blocked right now, 0 if it is not.',
  },
  blockDuration: {
    name: 'loopscope.eventloop.block.duration',
    unit: 's',
    type: 'histogram',
    help: 'Stretches in which one callback held the event loop over the threshold, by culprit.',
  },
  blockAllowedDuration: {
    name: 'loopscope.eventloop.block.allowed.duration',
    unit: 's',
    type: 'histogram',
    help: 'Blocks inside allowBlocking(), by loopscope.block.allowed (why); they are in no other metric of blocks.',
  },
  startupDuration: {
    name: 'loopscope.eventloop.startup.duration',
    unit: 's',
    type: 'gauge',
    help: 'How long the loading of modules held the event loop at the start, where it did for long.',
  },
  victimTime: {
    name: 'loopscope.eventloop.victim.time',
    unit: 's',
    type: 'counter',
    help: 'Time that requests of http.route waited for the loop because of blocks of culprit.route.',
  },
  busyTime: {
    name: 'loopscope.eventloop.busy.time',
    unit: '1',
    type: 'gauge',
    help: 'Share of the last seconds in which the event loop was busy, by cause: js, gc, sync-call, starved.',
  },
  requestDuration: {
    name: 'http.server.request.duration',
    unit: 's',
    type: 'histogram',
    help: 'Duration of HTTP server requests.',
  },
  activeRequests: {
    name: 'http.server.active_requests',
    unit: '{request}',
    type: 'gauge',
    help: 'HTTP server requests in flight.',
  },
  requestWaitTime: {
    name: 'loopscope.request.wait.time',
    unit: 's',
    type: 'counter',
    help: 'Where the time of requests that have ended went: on the loop (onLoop) or waiting, by kind of wait.',
  },
  connectionCount: {
    name: 'db.client.connection.count',
    unit: '{connection}',
    type: 'gauge',
    help: 'Connections of the pool, by db.client.connection.state (used, idle).',
  },
  connectionLimit: {
    name: 'db.client.connection.limit',
    unit: '{connection}',
    type: 'gauge',
    help: 'The most connections that the pool may open.',
  },
  connectionPending: {
    name: 'db.client.connection.pending_requests',
    unit: '{request}',
    type: 'gauge',
    help: 'Requests that wait for a connection of the pool.',
  },
  connectionTimeouts: {
    name: 'db.client.connection.timeouts',
    unit: '{timeout}',
    type: 'counter',
    help: 'Requests for a connection that timed out.',
  },
  connectionWaitTime: {
    name: 'db.client.connection.wait_time',
    unit: 's',
    type: 'histogram',
    help: 'Time it took to obtain a connection from the pool.',
  },
  connectionUseTime: {
    name: 'db.client.connection.use_time',
    unit: 's',
    type: 'histogram',
    help: 'Time between borrowing a connection and returning it to the pool.',
  },
  threadpoolSize: {
    name: 'loopscope.threadpool.size',
    unit: '{thread}',
    type: 'gauge',
    help: 'Threads of the thread pool of libuv.',
  },
  threadpoolActive: {
    name: 'loopscope.threadpool.active',
    unit: '{thread}',
    type: 'gauge',
    help: 'Threads of the thread pool of libuv that are at work.',
  },
  threadpoolQueued: {
    name: 'loopscope.threadpool.queued',
    unit: '{job}',
    type: 'gauge',
    help: 'Jobs that wait for a thread of the thread pool of libuv.',
  },
  threadpoolProbeAge: {
    name: 'loopscope.threadpool.probe.age',
    unit: 's',
    type: 'gauge',
    help: 'How long the probe that is in the queue of the thread pool now has waited, 0 if there is none.',
  },
  threadpoolWait: {
    name: 'loopscope.threadpool.wait.duration',
    unit: 's',
    type: 'histogram',
    help: 'How long a job waits for a thread of the thread pool of libuv, measured by a probe.',
  },
  taskActive: {
    name: 'loopscope.task.active',
    unit: '{task}',
    type: 'gauge',
    help: 'Background tasks that run now.',
  },
  taskOldestAge: {
    name: 'loopscope.task.oldest.age',
    unit: 's',
    type: 'gauge',
    help: 'Age of the oldest background task that runs now, 0 if none does.',
  },
  taskDuration: {
    name: 'loopscope.task.duration',
    unit: 's',
    type: 'histogram',
    help: 'Duration of background tasks that ended.',
  },
  taskFailures: {
    name: 'loopscope.task.failures',
    unit: '{task}',
    type: 'counter',
    help: 'Background tasks that failed.',
  },
  taskStarted: {
    name: 'loopscope.task.started',
    unit: '{task}',
    type: 'counter',
    help: 'Background tasks that began.',
  },
  taskUnhandled: {
    name: 'loopscope.task.unhandled',
    unit: '{failure}',
    type: 'counter',
    help: 'Failures of background tasks that nobody handled.',
  },
  streamActive: {
    name: 'loopscope.stream.active',
    unit: '{stream}',
    type: 'gauge',
    help: 'Responses that stay open.',
  },
  streamBuffered: {
    name: 'loopscope.stream.buffered',
    unit: 'By',
    type: 'gauge',
    help: 'Bytes of open responses that wait for their clients.',
  },
  streamStalledTime: {
    name: 'loopscope.stream.stalled.time',
    unit: 's',
    type: 'counter',
    help: 'How long those who write open responses have waited for drain.',
  },
  queueActive: {
    name: 'loopscope.queue.active',
    unit: '{task}',
    type: 'gauge',
    help: 'Tasks of the queue that run now.',
  },
  queuePending: {
    name: 'loopscope.queue.pending',
    unit: '{task}',
    type: 'gauge',
    help: 'Tasks that wait in the queue.',
  },
  queueLimit: {
    name: 'loopscope.queue.limit',
    unit: '{task}',
    type: 'gauge',
    help: 'The most tasks of the queue that may run at once.',
  },
  queueWait: {
    name: 'loopscope.queue.wait.duration',
    unit: 's',
    type: 'histogram',
    help: 'How long tasks wait in the queue; of very many in a short time, some.',
  },
  queueUse: {
    name: 'loopscope.queue.use.duration',
    unit: 's',
    type: 'histogram',
    help: 'How long tasks of the queue run; of very many in a short time, some.',
  },
  queueStalled: {
    name: 'loopscope.queue.stalled',
    unit: '{job}',
    type: 'counter',
    help: 'Jobs of the queue that were found without a lock while they ran.',
  },
  queueLateRenewals: {
    name: 'loopscope.queue.late.renewals',
    unit: '{renewal}',
    type: 'counter',
    help: 'Renewals of the locks of jobs that came late.',
  },
  websocketConnections: {
    name: 'loopscope.websocket.connections',
    unit: '{connection}',
    type: 'gauge',
    help: 'Connections that are open now, by library and path.',
  },
  websocketMessages: {
    name: 'loopscope.websocket.messages',
    unit: '{message}',
    type: 'counter',
    help: 'Messages that were received and sent, by network.io.direction (receive, transmit).',
  },
  websocketBytes: {
    name: 'loopscope.websocket.bytes',
    unit: 'By',
    type: 'counter',
    help: 'Bytes of these messages, without frames and uncompressed.',
  },
  websocketBuffered: {
    name: 'loopscope.websocket.buffered',
    unit: 'By',
    type: 'gauge',
    help: 'Bytes that wait to be sent.',
  },
  websocketHandlerDuration: {
    name: 'loopscope.websocket.handler.duration',
    unit: 's',
    type: 'histogram',
    help: 'How long the listeners of a message ran; what they await is not in it.',
  },
  callConnect: {
    name: 'loopscope.http.client.connect.duration',
    unit: 's',
    type: 'histogram',
    help: 'How long new connections to other servers took, TLS included.',
  },
  callFirstByte: {
    name: 'loopscope.http.client.first.byte.duration',
    unit: 's',
    type: 'histogram',
    help: 'From the connection of a call to another server to the head of its answer.',
  },
  gcDuration: {
    name: 'v8js.gc.duration',
    unit: 's',
    type: 'histogram',
    help: 'Duration of garbage collections, by v8js.gc.type.',
  },
  heapUsed: {
    name: 'v8js.memory.heap.used',
    unit: 'By',
    type: 'gauge',
    help: 'Memory of the V8 heap in use, all spaces together.',
  },
  heapLimit: {
    name: 'v8js.memory.heap.limit',
    unit: 'By',
    type: 'gauge',
    help: 'Memory that V8 has set aside for its heap, all spaces together.',
  },
  processCpuTime: {
    name: 'process.cpu.time',
    unit: 's',
    type: 'counter',
    help: 'CPU time of the whole process, by cpu.mode (user, system).',
  },
  processMemory: {
    name: 'process.memory.usage',
    unit: 'By',
    type: 'gauge',
    help: 'Resident memory of the whole process.',
  },
  processUptime: {
    name: 'process.uptime',
    unit: 's',
    type: 'gauge',
    help: 'How long the process has been running.',
  },
  agentCpuTime: {
    name: 'loopscope.agent.cpu.time',
    unit: 's',
    type: 'counter',
    help: 'CPU time of the worker thread of the agent.',
  },
  agentMemory: {
    name: 'loopscope.agent.memory',
    unit: 'By',
    type: 'gauge',
    help: 'Memory of the worker thread of the agent.',
  },
  agentEvents: {
    name: 'loopscope.agent.events',
    unit: '{event}',
    type: 'counter',
    help: 'Events that the program recorded.',
  },
  agentDropped: {
    name: 'loopscope.agent.dropped',
    unit: '{event}',
    type: 'counter',
    help: 'Events that were lost because the ring was full.',
  },
  agentCaptures: {
    name: 'loopscope.agent.captures',
    unit: '{capture}',
    type: 'counter',
    help: 'Captures of the running stack.',
  },
  agentCaptureTime: {
    name: 'loopscope.agent.capture.time',
    unit: 's',
    type: 'counter',
    help: 'What the captures cost the thread of the program.',
  },
  agentHook: {
    name: 'loopscope.agent.hook',
    unit: '{module}',
    type: 'gauge',
    help: 'Always 1: a library that was seen, its version, and how it is hooked (none: it is not).',
  },
} as const satisfies Record<string, MetricDefinition>

export type MetricKey = keyof typeof METRICS

function delay<Part extends string>(part: Part, help: string) {
  return {
    name: `nodejs.eventloop.delay.${part}` as const,
    unit: 's',
    type: 'gauge',
    help: `Delay of the event loop: ${help}.`,
  } as const
}

/** Labels of ours; the others are named by the semantic conventions. */
export const INSTANCE_ATTRIBUTE = 'loopscope.instance'
