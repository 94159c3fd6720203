/**
 * A program whose worker exports by OTLP, as the agent does it. Prints one JSON object: what of OpenTelemetry each thread
 * has loaded, and what the worker said. Ends by itself: nothing of the export may keep it alive.
 */
import { createRequire } from 'node:module'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { startOtlp } from '../src/worker/otlp/start.ts'

export interface ThreadReport {
  loaded: string[]
  registered: string[]
  lines: string[]
  loadMs: number
  longestMs: number
  heapBytes: number
}

function loaded(): string[] {
  const files = Object.keys(createRequire(import.meta.url).cache)
  const packages = files.map(
    (file) => /node_modules[\\/]+(@opentelemetry[\\/][^\\/]+|@grpc[\\/][^\\/]+)/.exec(file)?.[1],
  )
  return [...new Set(packages)]
    .filter((name) => name !== undefined)
    .map((name) => name.replace('\\', '/'))
    .sort()
}

/** Names of the globals that OpenTelemetry's API keeps: `diag`, and `trace`, `metrics`, ... once a provider is registered. */
function registered(): string[] {
  const globals = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')]
  return Object.keys(globals ?? {}).filter((name) => name !== 'version')
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { execArgv: [], workerData: Number(process.argv[2]) })
  const inWorker: ThreadReport = await new Promise((resolve) => worker.once('message', resolve))
  // As the agent's: the export alone is no reason for the process to live.
  worker.unref()
  console.log(JSON.stringify({ main: { loaded: loaded(), registered: registered() }, worker: inWorker }))
} else {
  const lines: string[] = []
  const before = performance.now()
  let longestMs = 0
  let last = before
  const ticks = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last)
    last = performance.now()
  }, 1)
  const heapBefore = process.memoryUsage().heapUsed
  const otlp = await startOtlp({
    environment: process.env,
    resource: { serviceName: 'program', instanceId: 'host:1:main', host: 'host', pid: process.pid },
    families: () => [{ name: 'a.gauge', help: '', unit: '1', type: 'gauge', points: [{ attributes: {}, value: 1 }] }],
    log: (_level, _cause, message) => lines.push(message),
    now: Date.now,
  })
  const loadMs = performance.now() - before
  const heapBytes = process.memoryUsage().heapUsed - heapBefore
  await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(ticks)
  for (let i = 0; i < 20; i++) {
    otlp.block({
      id: `b${i}`,
      instance: 'host:1:main',
      thread: 'main',
      at: Date.now() - 100,
      duration: 100,
      cause: 'js',
      function: 'f',
      file: 'f.js',
      line: 1,
      column: 1,
      api: null,
      stack: [],
      activity: null,
      route: null,
      trace: null,
      victims: { count: 0, time: 0, byRoute: {} },
      evidence: { samples: 1 },
    })
  }
  // Long enough for the first exports to have come to an end.
  await new Promise((resolve) => setTimeout(resolve, workerData))
  const report: ThreadReport = { loaded: loaded(), registered: registered(), lines, loadMs, longestMs, heapBytes }
  parentPort?.postMessage(report)
}
