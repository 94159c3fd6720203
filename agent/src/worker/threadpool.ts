/**
 * libuv's thread pool, from outside the program's thread: a random number of one byte goes through the same process-wide
 * queue as everybody's work, so its latency is the true queue wait. The age of a probe that is still out is published
 * too, or saturation would be seen only when it is over.
 */
import { randomFill } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

export interface ThreadPoolProbe {
  read(): { size: number; used: number | undefined; probeAge: number }
  stop(): void
}

export interface ThreadPoolOptions {
  now: () => number
  environment: NodeJS.ProcessEnv
  /** Whether the program is at rest: nothing of it waits for the pool. */
  isResting: () => boolean
  /** A probe came back after so many ms. */
  waited: (now: number, ms: number) => void
}

const EVERY_MS = 1000
/** A probe wakes three threads. */
const EVERY_RESTING_MS = 5000
/** A probe that took this long means that the pool is in use: look more often. */
const BUSY_MS = 2
const EVERY_BUSY_MS = 100

export function startThreadPoolProbe({ now, environment, isResting, waited }: ThreadPoolOptions): ThreadPoolProbe {
  const size = poolSize(environment)
  const byte = new Uint8Array(1)
  let sentAt: number | undefined
  let timer: NodeJS.Timeout
  let isStopped = false

  const probe = (): void => {
    sentAt = now()
    randomFill(byte, () => {
      const time = now()
      const ms = time - sentAt!
      sentAt = undefined
      if (isStopped) return
      waited(time, ms)
      timer = setTimeout(probe, ms > BUSY_MS ? EVERY_BUSY_MS : isResting() ? EVERY_RESTING_MS : EVERY_MS)
    })
  }
  timer = setTimeout(probe, EVERY_MS)
  return {
    read: () => ({ size, used: threadsAtWork(), probeAge: sentAt === undefined ? 0 : now() - sentAt }),
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** As libuv reads it: 4 unless UV_THREADPOOL_SIZE says otherwise, at most 1024. */
export function poolSize(environment: NodeJS.ProcessEnv): number {
  const asked = Number.parseInt(environment['UV_THREADPOOL_SIZE'] ?? '', 10)
  return asked > 0 ? Math.min(asked, 1024) : 4
}

/** libuv names its threads (1.50 and newer): those that do not wait on the queue's futex are at work. */
function threadsAtWork(): number | undefined {
  if (process.platform !== 'linux') return undefined
  const futex = { x64: '202', arm64: '98' }[process.arch as 'x64' | 'arm64']
  if (futex === undefined) return undefined
  let found = 0
  let used = 0
  try {
    for (const task of readdirSync('/proc/self/task')) {
      if (!readFileSync(`/proc/self/task/${task}/comm`, 'latin1').startsWith('libuv-worker')) continue
      found++
      if (!readFileSync(`/proc/self/task/${task}/syscall`, 'latin1').startsWith(`${futex} `)) used++
    }
  } catch {
    return undefined
  }
  return found === 0 ? undefined : used
}
