/**
 * The entry of `node --import @loopscope/agent server.js`. Synchronous and without top-level await, so that it can be
 * required as well; it starts the agent, or stands down with one line. Nothing here may throw into the program.
 */
import { isMainThread, threadId, workerData } from 'node:worker_threads'
import { CONTROL, type Channel } from '@loopscope/collector/protocol'
import type { AgentApi } from './api.ts'
import { loadConfig } from './config.ts'
import { currentThreadId } from './kernel-thread.ts'
import { createLog } from './log.ts'
import { createApi } from './program/agent-api.ts'
import { now } from './program/clock.ts'
import { beforeEnd } from './program/guard.ts'
import { startWorker, type Host } from './program/host.ts'
import { announceThread } from './program/siblings.ts'
import { startProgram, type Program } from './program/start.ts'
import { mayUseInspector, standDownReason } from './stand-down.ts'
import type { ThreadInfo, WorkerStart } from './worker/messages.ts'

const AGENT = Symbol.for('loopscope.agent')
const global = globalThis as unknown as Record<symbol, AgentApi | undefined>

try {
  const isAgentWorker = (workerData as Partial<WorkerStart> | null)?.loopscope === true
  if (global[AGENT] === undefined && !isAgentWorker) start()
} catch (error) {
  createLog('error')('error', 'start', `could not start (${(error as Error).message}); the program runs without it`)
}

function start(): void {
  const { config, problems } = loadConfig(process.env, process.cwd())
  const log = createLog(config.log)
  if (config.disable.includes('*')) return
  const reason = standDownReason(process.argv[1], process.execArgv)
  if (reason !== undefined) {
    if (reason !== '' && isMainThread) log('warn', 'stand-down', reason)
    return
  }
  if (isMainThread) for (const problem of problems) log('warn', problem, problem)

  const program = startProgram(config)
  const thread = describeThread(program)
  process.on('exit', () => {
    close(program.channel)
  })
  let host: Host | undefined
  if (isMainThread) {
    const mayCapture = mayUseInspector()
    if (!mayCapture) {
      log(
        'warn',
        'inspector',
        'under --permission it needs --allow-inspector to name what blocks the loop; all else works',
      )
    }
    host = startWorker(
      new URL('./worker.js', import.meta.url), // beside this file once both are bundled (scripts/bundle.ts)
      {
        loopscope: true,
        config,
        main: thread,
        cwd: process.cwd(),
        script: process.argv[1] ?? '',
        mayCapture,
        clusterParent: isClusterWorker() ? process.ppid : undefined,
      },
      log,
    )
  } else announceThread(thread)
  Object.defineProperty(global, AGENT, { value: createApi(program, host), configurable: true })
}

/** An exit in the middle of a turn is no end by force: the worker is given the time to take its record of it away. */
function close({ control }: Channel): void {
  control[CONTROL.closed] = 1
  // Threads of the program are ended now.
  beforeEnd(control, now)
  if (control[CONTROL.recorded] === 1) Atomics.wait(control, CONTROL.recorded, 1, 500)
}

function describeThread({ channel }: Program): ThreadInfo {
  return {
    buffer: channel.buffer,
    threadId: isMainThread ? 0 : threadId,
    tid: isMainThread ? process.pid : currentThreadId(),
    name: isMainThread ? 'main' : `worker ${threadId}`,
    startedAt: Date.now(),
  }
}

/** Node has loaded node:cluster in a cluster's worker, and taken NODE_UNIQUE_ID away; elsewhere it is not to be loaded. */
function isClusterWorker(): boolean {
  return process.connected && (process.getBuiltinModule('node:cluster') as unknown as { isWorker: boolean }).isWorker
}
