/** What makes it hard: busy neighbours, readers of the API, a process that is stopped now and then. */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import type { Children } from '../support/children.ts'
import { ROOT } from '../support/server.ts'
import { ask, unixNow, type Where } from './ask.ts'
import type { Span } from './compare.ts'

export type Stop = () => Promise<void>

/** A busy process on every core. */
export async function startBusy(children: Children): Promise<Stop> {
  const script = fileURLToPath(new URL('programs/busy.js', import.meta.url))
  const all = Array.from({ length: availableParallelism() }, () => children.start({ script, cwd: ROOT }))
  await Promise.all(all.map((child) => child.receive()))
  return async () => void (await Promise.all(all.map((child) => child.stop())))
}

const READERS = 10
const READ_EVERY_MS = 500
const READ = ['/metrics', '/api/v1/blocks', '/api/v1/hot', '/api/v1/routes', '/api/v1/tasks'] as const

/** Ten that each hold a stream and scrape besides. */
export function startReaders(socket: Where): Stop {
  if (!('socketPath' in socket)) throw new Error('readers take the local socket')
  let isOver = false
  const streams: WebSocket[] = []
  const scraping = Array.from({ length: READERS }, async (_, i) => {
    const stream = new WebSocket(`ws+unix://${socket.socketPath}:/api/v1/stream`)
    stream.on('error', () => {})
    streams.push(stream)
    await sleep((i * READ_EVERY_MS) / READERS)
    for (let n = i; !isOver; n++) {
      await ask(socket, READ[n % READ.length]!)
      await sleep(READ_EVERY_MS)
    }
  })
  return async () => {
    isOver = true
    await Promise.all(scraping)
    for (const stream of streams) stream.terminate()
  }
}

const STOP_EVERY_MS = [400, 1600] as const
const STOPPED_MS = [30, 400] as const

/** Stops and continues the process at random moments; `stops` grows by each span. */
export function startStopping(pid: number, stops: Span[], random: () => number): Stop {
  const between = ([low, high]: readonly [number, number]): number => low + random() * (high - low)
  const isOver = new AbortController()
  const stopping = (async () => {
    while (!isOver.signal.aborted) {
      await sleep(between(STOP_EVERY_MS), undefined, { signal: isOver.signal })
      process.kill(pid, 'SIGSTOP')
      // It was stopped for so long at the least: this process too may have to wait for a processor around each signal.
      const from = unixNow()
      try {
        await sleep(between(STOPPED_MS))
      } finally {
        stops.push({ from, to: unixNow() })
        process.kill(pid, 'SIGCONT')
      }
    }
  })().catch((error: Error) => {
    if (error.name !== 'AbortError') throw error
  })
  return async () => {
    isOver.abort()
    await stopping
  }
}
