/** What the tests of outbound calls share: a server that answers in every bad way, and the story of a request that calls it. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Activity } from '../program/activity.ts'
import { selfSigned } from './certificate.ts'
import { until, type Observed } from './observe.ts'
import type { ReadActivity, ReadEvent, ReadLease } from './read-channel.ts'

const BIG = Buffer.alloc(4 << 20, 'x')

export interface Target {
  url: string
  host: string
  cert: string
  server: Server
  close(): Promise<void>
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, what, argument] = request.url!.split('/')
  request.resume()
  if (what === 'delay') setTimeout(() => response.end('late'), Number(argument))
  else if (what === 'slow-body') {
    response.write('head')
    setTimeout(() => response.end('tail'), Number(argument))
  } else if (what === 'redirect') response.writeHead(302, { location: '/delay/1' }).end()
  else if (what === 'big') response.end(BIG)
  else if (what === 'hang-up') request.socket.destroy()
  else if (what === 'half') {
    response.writeHead(200, { 'content-length': 1000 }).write('half')
    setTimeout(() => request.socket.destroy(), 20)
  } else if (what !== 'never') response.end('ok')
}

/** /ok, /delay/MS, /slow-body/MS, /redirect, /big, /hang-up, /half, /never. */
export async function startTarget(secure = false): Promise<Target> {
  const { key, cert } = secure ? selfSigned() : { key: '', cert: '' }
  const server = secure ? createSecureServer({ key, cert }, answer) : createServer(answer)
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n')
  })
  await once(server.listen(0, 'localhost'), 'listening')
  const host = `localhost:${(server.address() as AddressInfo).port}`
  return {
    url: `http${secure ? 's' : ''}://${host}`,
    host,
    cert,
    server,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface Story extends ReadActivity {
  activity: Activity
  leases: string[]
  sites: string[]
  /** ms of each wait that is over, in the order of their beginning: a pool's, then the host's. */
  took: { pool: number[]; http: number[] }
}

export class Outbound {
  readonly #observed: Observed
  readonly #events: ReadEvent[] = []

  constructor(observed: Observed) {
    this.#observed = observed
  }

  /** Runs a request: it ends when `work` has returned, whatever that has started. */
  async request(work: () => unknown): Promise<() => Story> {
    const { activities, recorder } = this.#observed
    const activity = activities.begin('request', recorder.name('GET'))
    try {
      await activities.run(activity, async () => work())
    } finally {
      activities.end(activity, 'ok', 200)
    }
    return () => this.#story(activity)
  }

  /** Everything that the request has begun is over, and nothing of it is left. */
  async over(story: () => Story): Promise<Story> {
    await until('the end of all calls', () => {
      const { activity, leases, waits } = story()
      const isOver = leases.every((steps) => /release|fail|timeout/.test(steps)) && waits.every((wait) => wait.isOver)
      return isOver && activity.holds === 0 && leases.length > 0
    })
    return story()
  }

  pool(name: string): { limit: number; used: number; idle: number; pending: number } | undefined {
    this.#read()
    return [...this.#observed.reader.pools.values()].find((pool) => pool.name.endsWith(` ${name}`))
  }

  #read(): void {
    this.#events.push(...this.#observed.reader.read())
    if (this.#observed.reader.problems.length > 0) throw new Error(this.#observed.reader.problems.join('; '))
  }

  #story(activity: Activity): Story {
    this.#read()
    const { reader } = this.#observed
    const leases = [...reader.leases.values()].filter((lease) => lease.activity === activity.id)
    return {
      ...reader.activities.get(activity.id)!,
      activity,
      leases: leases.map(({ steps }) => steps.join(' ')),
      sites: leases.map(({ site }) => site).filter((site) => site !== ''),
      took: {
        pool: leases.flatMap((lease) => this.#between(lease.id, 'poolAsk', /poolTake|poolFail/)),
        http: this.#waits(activity),
      },
    }
  }

  #waits(activity: Activity): number[] {
    const waits = this.#events.filter(({ kind, a }) => kind === 'wait' && a === activity.id)
    return waits.flatMap(({ id }) => this.#between(id, 'wait', /resume/))
  }

  #between(id: ReadLease['id'], begin: string, end: RegExp): number[] {
    const from = this.#events.find((event) => event.id === id && event.kind === begin)
    const to = this.#events.find((event) => event.id === id && end.test(event.kind))
    return from && to ? [to.time - from.time] : []
  }
}
