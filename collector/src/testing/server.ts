/** A real server on a free port for tests, and plain requests to it. */
import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import type { TestContext } from 'node:test'
import { Collector, type Source } from '../model/collector.ts'
import { startServer, type RunningServer, type ServerOptions } from '../server/server.ts'
import { sampledSource } from './profile.ts'
import { SNAPSHOT_NOW, snapshotOf } from './snapshot.ts'

export interface TestServer extends RunningServer {
  collector: Collector
  log: string[]
  port: number
}

/** Holds the snapshot of one instance, id 'a'; its clock stands still. Ends with the test. */
export async function testServer(context: TestContext, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const log: string[] = []
  const collector = options.collector ?? new Collector()
  if (!options.collector) collector.add(source('a'))
  const server = await startServer({
    collector,
    now: () => SNAPSHOT_NOW,
    version: '1.2.3',
    log: (level, cause, message) => log.push(`${level} ${cause}: ${message}`),
    listen: '127.0.0.1:0',
    ...options,
  })
  context.after(() => server.close())
  return { ...server, collector, log, port: server.url === null ? 0 : Number(new URL(server.url).port) }
}

/** An instance of the server's own process: its snapshot, and its samples. */
export function source(id: string): Source {
  return { id, snapshot: (now) => snapshotOf(id, now), ...sampledSource(id, () => SNAPSHOT_NOW) }
}

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** Whatever came; a test says what it expects. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any
}

export function ask(target: string | null, path: string, options: RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    // A path is sent as it is: fetch would tidy it up.
    const { hostname, port } = new URL(target ?? 'http://localhost')
    const where = options.socketPath ? {} : { host: hostname.replace(/^\[|\]$/g, ''), port }
    const sent = request({ agent: false, ...where, path, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = response.headers['content-type']?.startsWith('application/json') && text !== ''
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
