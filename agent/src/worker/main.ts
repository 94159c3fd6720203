/**
 * The composition root of the agent's worker: it drains the channels of all observed threads into their models, watches
 * and samples them, serves and exports. So everything here keeps answering while the program's loop is blocked.
 */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads'
import { Collector, exposition, families, startServer, type RunningServer } from '@loopscope/collector'
import type { InstanceSnapshot } from '@loopscope/collector/protocol'
import { localSocket } from '../local.ts'
import { createLog } from '../log.ts'
import { now } from '../program/clock.ts'
import { createCapturer } from './capturer.ts'
import { joinCollector } from './join.ts'
import { threadChannelName, type FromWorker, type ThreadInfo, type ThreadMessage, type ToWorker, type WorkerStart } from './messages.ts'
import { Observed } from './observed.ts'
import { startPatrol } from './patrol.ts'
import { startSampler } from './sampler.ts'
import { startThreadPoolProbe } from './threadpool.ts'
import { createVitals } from './vitals.ts'
import { GcWish } from './gc-wish.ts'

/** A block is passed on this long after its end, when its trace and its collections are known. */
const BLOCK_SETTLE_MS = 500
const HOUSEKEEPING_MS = 1000

const start = workerData as WorkerStart
const { config, agentVersion, service } = start
const log = createLog(config.log)
const disabled = new Set(config.disable)
const collector = new Collector()
const threads = new Set<Observed>()
const vitals = createVitals(now)
const capturer = start.mayCapture && !disabled.has('capture') ? createCapturer() : undefined
const post = (message: FromWorker): void => parentPort?.postMessage(message)
let server: RunningServer | undefined

function observe(thread: ThreadInfo): Observed {
  const isMain = thread.threadId === 0
  const observed = new Observed({
    thread,
    identity: {
      service,
      pid: process.pid,
      host: hostname(),
      node: process.versions.node,
      agent: agentVersion,
      cwd: start.cwd,
      thresholdMs: config.blockMs,
    },
    now,
    // The inspector reaches the main thread only.
    capture: isMain ? capturer : undefined,
    useKernel: !disabled.has('kernel'),
    ping: () => isMain && post({ type: 'ping' }),
  })
  threads.add(observed)
  collector.add({
    id: observed.model.identity.id,
    snapshot(unixNow) {
      observed.drain()
      observed.read()
      return observed.model.snapshot(unixNow)
    },
  })
  return observed
}

const main = observe(start.main)
const gcWish = new GcWish(main.channel, now)
const threadpool = startThreadPoolProbe({
  now,
  environment: process.env,
  waited: (time, ms) => main.model.pools.threadpoolWait(time, ms),
})
startPatrol(threads, now)
if (capturer && !disabled.has('sampler')) {
  startSampler({
    capture: capturer,
    isBusy: () => main.isBusy(),
    cost: () => main.model.captureCost,
    random: Math.random,
  })
}

const ownSnapshots = (): InstanceSnapshot[] => {
  const own = new Set([...threads].map((thread) => thread.model.identity.id))
  return collector.snapshots(Date.now()).filter((snapshot) => own.has(snapshot.id))
}

const { startOtlp } = await import('./otlp/start.ts')
const otlp = await startOtlp({
  environment: process.env,
  resource: { serviceName: service, instanceId: main.model.identity.id, host: hostname(), pid: process.pid },
  families: () => families(collector.snapshots(Date.now())),
  log,
  now: Date.now,
  startedAt: start.main.startedAt,
  version: agentVersion,
})

function keepHouse(): void {
  const time = now()
  main.model.pools.threadpool = threadpool.read()
  const measured = vitals(server?.url ?? undefined)
  for (const thread of threads) {
    thread.read()
    thread.model.vitals = measured
    for (const block of thread.model.finishedBlocks(time, BLOCK_SETTLE_MS)) {
      gcWish.sawBlock()
      otlp.block(block)
    }
    if (thread.isClosed && thread !== main) {
      thread.close()
      threads.delete(thread)
    }
  }
  gcWish.review()
}

keepHouse()
setInterval(keepHouse, HOUSEKEEPING_MS)

const siblings = new BroadcastChannel(threadChannelName(process.pid))
siblings.onmessage = (event) => {
  const message = (event as { data: ThreadMessage }).data
  if (message.type !== 'thread') return
  const known = [...threads].some((thread) => thread.threadId === message.thread.threadId)
  if (!known) observe(message.thread)
}
siblings.postMessage({ type: 'who' } satisfies ThreadMessage)

parentPort?.on('message', (message: ToWorker) => {
  if (message.type !== 'metrics') return
  void exposition(families(collector.snapshots(Date.now())), undefined).then(({ body }) =>
    post({ type: 'metrics', request: message.request, text: body }),
  )
})

// A cluster worker shows up in its parent's collector; a port of its own would only be in the way.
const parentSocket = start.clusterParent === undefined ? undefined : localSocket(start.clusterParent)
const joined = parentSocket !== undefined && existsSync(parentSocket)
if (joined) {
  joinCollector({ collector: `ws+unix:${parentSocket}`, token: config.token, version: agentVersion, snapshots: ownSnapshots, log })
}
if (config.collector !== undefined) {
  joinCollector({ collector: config.collector, token: config.token, version: agentVersion, snapshots: ownSnapshots, log })
}

try {
  server = await startServer({
    collector,
    now: Date.now,
    version: agentVersion,
    log,
    token: config.token,
    listen: joined && config.listen !== 'off' ? 'unix' : config.listen,
    socketPath: localSocket(process.pid),
  })
  if (server.url) log('info', 'listen', `listening on ${server.url}`)
} catch (error) {
  log('warn', 'listen', `${(error as Error).message}; the program runs on, and nothing is served`)
}
