/**
 * The composition root of the agent's worker: it drains the channels of all observed threads into their models, watches
 * and samples them, serves and exports. So everything here keeps answering while the program's loop is blocked.
 */
import { hostname } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { Collector, exposition, families, startServer, type Family, type RunningServer } from '@loopscope/collector'
import { openChannel } from '@loopscope/collector/protocol'
import { currentThreadId } from '../kernel-thread.ts'
import { localSocket } from '../local.ts'
import { createLog } from '../log.ts'
import { now } from '../program/clock.ts'
import { appears } from './appears.ts'
import { openBlackBox } from './black-box/open.ts'
import { createCapturer } from './capturer.ts'
import { joinCollector } from './join.ts'
import { openKernel } from './kernel.ts'
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts'
import { serviceName, versionOf } from './names.ts'
import { Observed } from './observed.ts'
import { startOtlp, type Otlp } from './otlp/start.ts'
import { PackageVersions } from './package-versions.ts'
import { startPatrol } from './patrol.ts'
import { Sampler } from './sampler.ts'
import { SourceMaps } from './source-maps/source-maps.ts'
import { Standstill } from './standstill.ts'
import { createThreadCapturers } from './thread-capturer.ts'
import { startThreadPoolProbe } from './threadpool.ts'
import { Threads } from './threads.ts'
import { createVitals } from './vitals.ts'

/** A block is passed on this long after its end, when its trace and its collections are known. */
const BLOCK_SETTLE_MS = 500

const start = workerData as WorkerStart
const { config } = start
const service = serviceName(process.env, start.script, start.cwd)
const agentVersion = versionOf(new URL('../package.json', import.meta.url)) // above the bundle: scripts/bundle.ts
const log = createLog(config.log)
const disabled = new Set(config.disable)
const post = (message: FromWorker): void => parentPort?.postMessage(message)
const mainChannel = openChannel(start.main.buffer)
const capturer = start.mayCapture && !disabled.has('capture') ? createCapturer(mainChannel, now) : undefined
const threadCapturer = capturer && createThreadCapturers(mainChannel)
const sourceMaps = disabled.has('source-maps')
  ? undefined
  : new SourceMaps({ now, later: (run, ms) => void setTimeout(run, ms) })
const packageVersions = new PackageVersions(start.cwd)
const collector = new Collector()
const allFamilies = (): Family[] => families(collector.snapshots(Date.now()))
const identity = {
  service,
  pid: process.pid,
  host: hostname(),
  node: process.versions.node,
  agent: agentVersion,
  cwd: start.cwd,
  agentFile: new URL('./agent.js', import.meta.url).href,
  thresholdMs: config.blockMs,
}

const threads = new Threads({
  collector,
  now,
  observe(thread) {
    const isMain = thread.threadId === 0
    return new Observed({
      thread,
      identity,
      now,
      capture: isMain ? capturer : threadCapturer?.(thread.threadId, openChannel(thread.buffer)),
      // A ping reaches the main thread only.
      ping: isMain ? () => post({ type: 'ping' }) : undefined,
      useKernel: !disabled.has('kernel'),
      resolve: sourceMaps?.resolve,
      packageVersion: packageVersions.find,
      held: (observed, ms) => blackBox?.held(observed, ms),
    })
  },
  refresh(observed) {
    if (observed === main) main.model.pools.threadpool = threadpool.read()
  },
})
const main = threads.add(start.main)
const blackBox = disabled.has('black-box')
  ? undefined
  : openBlackBox({ start, identity, control: main.channel.control, log, now, unixNow: Date.now })
main.model.inherited = blackBox?.inherit(main.model.identity.id) ?? []
const sampler =
  capturer && !disabled.has('sampler')
    ? new Sampler({
        capture: capturer,
        isBusy: () => main.isBusy(),
        cost: () => main.model.captureCost,
        random: Math.random,
      })
    : undefined
const ownKernel = disabled.has('kernel') ? undefined : openKernel(currentThreadId())
const standstill = new Standstill({
  schedule: () => ownKernel?.schedule(),
  idleTime: () => performance.nodeTiming.idleTime,
  stoodStill(from, to) {
    for (const thread of threads.live) thread.model.blocks.suspended(from, to)
  },
})
threads.listen()

const threadpool = startThreadPoolProbe({
  now,
  environment: process.env,
  isResting: () => patrol.isResting,
  waited: (time, ms) => main.model.pools.threadpoolWait(time, ms),
})
const vitals = createVitals(now)
let server: RunningServer | undefined
let otlp: Otlp | undefined = undefined

function keepHouse(time: number): void {
  const measured = vitals(server?.url ?? undefined)
  for (const thread of threads.live) {
    thread.read()
    thread.model.vitals = measured
    for (const block of thread.model.finishedBlocks(time, BLOCK_SETTLE_MS)) {
      thread.gcWish.sawBlock()
      if (block.cause === 'unknown' && block.evidence.samples === 0) thread.missed()
      otlp?.block(block)
    }
    thread.gcWish.review()
  }
  threads.sweep()
}
const patrol = startPatrol({ threads: threads.live, sampler, standstill, keepHouse, now })

parentPort?.on('message', (message: ToWorker) => {
  if (message.type !== 'metrics') return
  void exposition(allFamilies(), undefined).then(({ body }) =>
    post({ type: 'metrics', request: message.request, text: body }),
  )
})

function join(address: string): void {
  const snapshots = () => threads.snapshots(Date.now())
  joinCollector({ collector: address, token: config.token, version: agentVersion, snapshots, log })
}

// A cluster worker shows up in its parent's collector; a port of its own would only be in the way.
const parent = start.clusterParent === undefined ? undefined : localSocket(start.clusterParent)
const hasParent = parent !== undefined && (await appears(parent))
if (hasParent) join(`ws+unix:${parent}`)
if (config.collector !== undefined) join(config.collector)

try {
  server = await startServer({
    collector,
    now: Date.now,
    version: agentVersion,
    log,
    token: config.token,
    listen: hasParent && config.listen !== 'off' ? 'unix' : config.listen,
    socketPath: localSocket(process.pid),
  })
  if (server.url) log('info', 'listen', `listening on ${server.url}`)
} catch (error) {
  log('warn', 'listen', `${(error as Error).message}; the program runs on, and nothing is served`)
}

otlp = await startOtlp({
  environment: process.env,
  resource: { serviceName: service, instanceId: main.model.identity.id, host: hostname(), pid: process.pid },
  // Its own alone: what others push here, they export themselves.
  families: () => families(threads.snapshots(Date.now())),
  log,
  now: Date.now,
  startedAt: start.main.startedAt,
  version: agentVersion,
})
