/**
 * The HTTP server of an agent's worker and of a collector: /metrics, the API and the stream, on a TCP port, on the user's
 * local socket, or on both. It never keeps the process alive.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Collector } from '../model/collector.ts'
import { createDoor, type DoorOptions } from './door.ts'
import type { Endpoint } from './endpoint.ts'
import { createEndpoints } from './endpoints.ts'
import { ServerError } from './errors.ts'
import { Frames } from './frames.ts'
import type { Door } from './guard.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { isLoopback, parseListenAddress, urlOf } from './listen-address.ts'
import { listenTcp } from './listen-tcp.ts'
import { listenUnix } from './listen-unix.ts'
import type { Log } from './log.ts'
import { Stream } from './stream.ts'

export interface ServerOptions {
  collector: Collector
  /** Unix ms. */
  now: () => number
  version: string
  log: Log
  /** Asked of every request over TCP; required to listen anywhere but on loopback. */
  token?: string | undefined
  /** `host:port`, `off` (nothing over TCP), or `unix` (the local socket alone). */
  listen: string
  /** The local socket, unless `listen` is off. */
  socketPath?: string | undefined
  extra?: Record<string, Endpoint>
  limits?: Partial<Limits>
}

export interface RunningServer {
  /** Where it answers over TCP. */
  url: string | null
  socketPath: string | null
  close(): Promise<void>
}

/** How long open connections have to end by themselves. */
const CLOSE_GRACE_MS = 200

/** @throws {ServerError} if it cannot listen as asked. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { collector, now, version, log, socketPath } = options
  const address = parseListenAddress(options.listen)
  const token = options.token === '' ? undefined : options.token
  if (address.kind === 'tcp' && !isLoopback(address.host) && token === undefined) {
    throw new ServerError(
      'token-required',
      `will not listen on ${address.host} without a token, because others could read what this program does`,
      'set LOOPSCOPE_TOKEN, or listen on 127.0.0.1',
    )
  }
  if (address.kind === 'unix' && socketPath === undefined) {
    throw new ServerError('socket-missing', 'there is no path for the local socket', 'listen on 127.0.0.1:9464')
  }

  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const doors = new Doors({
    endpoints: createEndpoints({ collector, now, version, extra: options.extra ?? {} }),
    stream: new Stream({ collector, now, version, limits, log }),
    frames: new Frames({ collector, now, limits, log, token }),
    token,
    limits,
    log,
  })
  try {
    let url: string | null = null
    if (address.kind === 'tcp') {
      const server = doors.open({ kind: 'tcp', address: address.host })
      url = urlOf(address.host, await listenTcp(server, address.host, address.port, log))
    }
    const local =
      address.kind !== 'off' && socketPath !== undefined && (await openLocal(doors, socketPath, url === null, log))
    return { url, socketPath: local ? socketPath : null, close: () => doors.close() }
  } catch (error) {
    await doors.close()
    throw error
  }
}

/** Beside a port the local socket is a convenience: without it there is a line in the log, and the port. */
async function openLocal(doors: Doors, path: string, required: boolean, log: Log): Promise<boolean> {
  try {
    await listenUnix(doors.open({ kind: 'unix' }), path)
    return true
  } catch (error) {
    if (required || !(error instanceof ServerError)) throw error
    log('warn', 'local-socket', error.message)
    return false
  }
}

class Doors {
  readonly #options: DoorOptions
  readonly #servers = new Set<Server>()
  readonly #sockets = new Set<Socket>()
  #closed: Promise<void> | null = null

  constructor(options: DoorOptions) {
    this.#options = options
  }

  open(door: Door): Server {
    const server = createDoor(door, this.#options)
    server.maxConnections = this.#options.limits.maxConnections
    server.unref()
    server.on('connection', (socket) => {
      socket.unref()
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#servers.add(server)
    return server
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#options.stream.close('the process is exiting')
    this.#options.frames.close('the process is exiting')
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, CLOSE_GRACE_MS)
    await Promise.all([...this.#servers].map(closed))
    clearTimeout(timer)
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // An error says that it was not listening.
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
