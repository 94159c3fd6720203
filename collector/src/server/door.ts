/** One HTTP server on one address: it checks who asks, then answers, or hands a WebSocket to whom it is for. */
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type * as WebSocketModule from 'ws'
import type { WebSocket, WebSocketServer } from 'ws'
import type { Endpoint } from './endpoint.ts'
import { FRAMES_PATH, HEALTH_PATH, STREAM_PATH } from './endpoints.ts'
import { refusal, type Refusal } from './errors.ts'
import type { Frames } from './frames.ts'
import { checkRequest, checkToken, type Door } from './guard.ts'
import type { Limits } from './limits.ts'
import type { Log } from './log.ts'
import { refuse, refuseRaw, respond } from './respond.ts'
import type { Stream } from './stream.ts'

export interface DoorOptions {
  endpoints: ReadonlyMap<string, Endpoint>
  stream: Stream
  frames: Frames
  token: string | undefined
  limits: Limits
  log: Log
}

const require = createRequire(import.meta.url)

/** A scraper sends its headers at once; one that does not holds a connection. */
const REQUEST_TIMEOUT_MS = 10_000
/** What a reader of the stream may say: nothing, but pings. */
const MAX_READER_MESSAGE_BYTES = 4096

export function createDoor(door: Door, options: DoorOptions): Server {
  const { stream, frames, limits, log } = options
  const readers = lazyWebSockets(MAX_READER_MESSAGE_BYTES)
  const senders = lazyWebSockets(limits.maxFrameBytes)

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy())
    const target = parseTarget(request)
    const path = 'status' in target ? null : target.pathname
    const refused =
      checkRequest(request, door) ?? ('status' in target ? target : checkUpgrade(request, target, door, options))
    if (refused !== null) return answerRaw(request, socket, (response) => refuse(response, refused))
    if (path !== STREAM_PATH && path !== FRAMES_PATH) {
      // An upgrade that nobody offers (curl asks for h2c) is no reason not to answer.
      return answerRaw(request, socket, (response) => void answer(request, response, door, options))
    }
    const accept = (webSocket: WebSocket): void => {
      if (path === STREAM_PATH) stream.add(webSocket)
      else frames.add(webSocket, checkToken(request, { door, token: options.token }, tokenOf(target as URL)) === null)
    }
    try {
      ;(path === STREAM_PATH ? readers() : senders()).handleUpgrade(request, socket, head, accept)
    } catch (error) {
      log('error', 'stream', `a WebSocket could not be served: ${String(error)}`)
      socket.destroy()
    }
  }

  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS })
    .on('request', (request, response) => void answer(request, response, door, options))
    .on('upgrade', upgrade)
    .on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
      else refuseRaw(socket, badHttp(error))
    })
}

/** ws is 1 MB: loaded when the first one connects. */
function lazyWebSockets(maxPayload: number): () => WebSocketServer {
  let server: WebSocketServer | undefined
  return () => {
    if (server === undefined) {
      const { WebSocketServer } = require('ws') as typeof WebSocketModule
      // Compression would take threads of the pool that the program may have filled.
      server = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false, maxPayload })
      server.on('wsClientError', (error, socket) => refuseRaw(socket, badHandshake(error)))
    }
    return server
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  door: Door,
  options: DoorOptions,
): Promise<void> {
  // Nothing here takes a body.
  request.resume()
  try {
    const target = parseTarget(request)
    const refused = checkRequest(request, door) ?? ('status' in target ? target : check(request, target, door, options))
    if (refused !== null || 'status' in target) return refuse(response, refused ?? (target as Refusal))
    const answered = await options.endpoints.get(target.pathname)!({
      parameters: target.searchParams,
      accept: request.headers.accept,
    })
    if ('status' in answered) refuse(response, answered)
    else respond(response, answered)
  } catch (error) {
    options.log('error', 'answer', `${request.method} ${request.url?.slice(0, 200)} failed: ${String(error)}`)
    const remedy = 'see the log of the process, and report it as a bug of loopscope'
    refuse(response, refusal(500, 'internal', 'loopscope could not answer this', remedy))
  }
}

function check(request: IncomingMessage, target: URL, door: Door, options: DoorOptions): Refusal | null {
  const path = target.pathname
  const refused = path === HEALTH_PATH ? null : checkToken(request, { door, token: options.token }, null)
  if (refused !== null) return refused
  if (path === STREAM_PATH || path === FRAMES_PATH) {
    const upgrade = { upgrade: 'websocket', connection: 'upgrade' }
    return { ...refusal(426, 'websocket-only', `${path} is a WebSocket`, 'connect with ws://'), headers: upgrade }
  }
  if (!options.endpoints.has(path)) {
    const shown = path.length > 100 ? `${path.slice(0, 100)}...` : path
    return refusal(404, 'path-unknown', `there is no ${shown} here`, 'GET / lists the paths')
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return {
      ...refusal(405, 'method-not-allowed', `${path} cannot ${request.method}`, 'use GET'),
      headers: { allow: 'GET, HEAD' },
    }
  }
  return null
}

function checkUpgrade(request: IncomingMessage, target: URL, door: Door, options: DoorOptions): Refusal | null {
  const { stream, frames, token } = options
  const path = target.pathname
  if (path !== STREAM_PATH && path !== FRAMES_PATH) {
    const webSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    return webSocket && options.endpoints.has(path)
      ? refusal(400, 'not-a-websocket', `${path} is no WebSocket`, `connect to ${STREAM_PATH}`)
      : check(request, target, door, options)
  }
  // An agent may also send its token in its first message: Frames checks that.
  const refused = path === STREAM_PATH ? checkToken(request, { door, token }, tokenOf(target)) : null
  if (refused !== null) return refused
  for (const name of target.searchParams.keys()) {
    if (name !== 'token')
      return refusal(400, 'parameter-unknown', `${path} has no parameter ${name.slice(0, 100)}`, 'leave it out')
  }
  if (path === STREAM_PATH ? stream.full : frames.full) {
    return refusal(
      503,
      'too-many-readers',
      `${path} has as many connections as it takes`,
      'close another one, or try again later',
    )
  }
  return null
}

/** The socket of an upgrade request has left the HTTP server; this answers on it all the same, and closes it. */
function answerRaw(request: IncomingMessage, socket: Duplex, write: (response: ServerResponse) => void): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0])
  response.on('finish', () => {
    response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0])
    socket.end()
  })
  write(response)
}

function parseTarget({ url }: IncomingMessage): URL | Refusal {
  // A path may begin with two slashes, which a URL takes for a host.
  const text = url?.startsWith('/') ? `http://localhost${url}` : (url ?? '')
  return (
    URL.parse(text) ??
    refusal(400, 'address-invalid', 'the address of the request is malformed', 'GET / lists the paths')
  )
}

function tokenOf(target: URL): string | null {
  return target.searchParams.get('token')
}

function badHandshake(error: Error): Refusal {
  return refusal(
    400,
    'handshake-invalid',
    `this is no WebSocket handshake (${error.message})`,
    'use a WebSocket client',
  )
}

function badHttp({ code }: NodeJS.ErrnoException): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW')
    return refusal(431, 'headers-too-large', 'the headers are too large', 'send fewer')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return refusal(408, 'too-slow', 'the request took too long to arrive', 'try again')
  return refusal(400, 'request-invalid', 'this is no HTTP request', 'use an HTTP client')
}
