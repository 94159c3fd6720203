/**
 * Starts the agent's worker beside the program and starts it again when it dies, at most three times. The program never
 * notices: the worker is unref'd, its errors are one line, its channel goes on being written (and drops what is too much).
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '../log.ts'
import type { FromWorker, ToWorker, WorkerStart } from '../worker/messages.ts'

/** How long after its death it is started again, each time. */
const RESTART_MS: readonly number[] = [200, 1000, 5000]
/** Old generation; the SDK of OpenTelemetry alone takes 40 MB. */
const MAX_HEAP_MB = 256

export interface Host {
  metrics(): Promise<string>
}

export function startWorker(file: URL, start: WorkerStart, log: Log, restartMs = RESTART_MS): Host {
  const asking = new Map<number, (text: string) => void>()
  let worker: Worker | undefined
  let restarts = 0
  let request = 0

  const launch = (): void => {
    let reason = ''
    try {
      worker = new Worker(file, {
        workerData: start,
        name: 'loopscope',
        // Preloads run again in workers: without this the agent would start a worker, which starts a worker, without end.
        execArgv: [],
        stdin: false,
        // Else Node pipes them into the program's own streams, with listeners there; what the agent says is written to fd 2.
        stdout: true,
        stderr: true,
        trackUnmanagedFds: false,
        resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
      })
    } catch (error) {
      log('error', 'worker', `the agent's worker cannot be started (${(error as Error).message}); the program runs on`)
      return
    }
    worker.on('message', (message: FromWorker) => {
      // A ping needs no answer: that the loop turned for it says it all.
      if (message.type !== 'metrics') return
      asking.get(message.request)?.(message.text)
    })
    worker.on('error', (error: Error) => {
      reason = error.message
    })
    worker.on('exit', (code) => died(reason || `exit code ${code}`))
    // A stream that nobody reads asks for more once something comes (a warning of Node, say), and that holds the process.
    worker.stdout.destroy()
    worker.stderr.destroy()
    worker.unref() // last: a listener for messages holds the process, too
  }

  const died = (reason: string): void => {
    worker = undefined
    for (const answer of asking.values()) answer('')
    const delayMs = restartMs[restarts]
    if (delayMs === undefined) {
      log('error', 'worker-end', `the agent's worker died again (${reason}); the program runs on without it`)
      return
    }
    log('warn', `worker-${restarts}`, `the agent's worker died (${reason}); starting it again`)
    restarts++
    setTimeout(launch, delayMs).unref()
  }

  launch()
  return {
    metrics() {
      const asked = worker
      if (!asked) return Promise.resolve('')
      const id = ++request
      asked.ref() // whoever awaits the text wants the process to live that long
      return new Promise((resolve) => {
        asking.set(id, (text) => {
          asking.delete(id)
          if (asking.size === 0) asked.unref()
          resolve(text)
        })
        asked.postMessage({ type: 'metrics', request: id } satisfies ToWorker)
      })
    },
  }
}
