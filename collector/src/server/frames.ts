/** `/api/v1/frames`: agents of other processes join and push what their instances say. */
import type { RawData, WebSocket } from 'ws'
import type { Collector } from '../model/collector.ts'
import { STREAM_VERSION } from '../protocol/index.ts'
import { sameToken } from './guard.ts'
import type { Limits } from './limits.ts'
import type { Log } from './log.ts'
import { closeSoon } from './websocket.ts'

export interface FramesOptions {
  collector: Collector
  now: () => number
  limits: Limits
  log: Log
  token: string | undefined
}

/** RFC 6455: policy violation. The reason says which. */
const REFUSED = 1008

export class Frames {
  readonly #options: FramesOptions
  readonly #senders = new Set<WebSocket>()
  /** Which connection speaks for an instance: after a reconnect the old one has no say. */
  readonly #speakers = new Map<string, WebSocket>()

  constructor(options: FramesOptions) {
    this.#options = options
  }

  get full(): boolean {
    return this.#senders.size >= this.#options.limits.maxSenders
  }

  /** `trusted`: the connection needs no token, or has shown it already. */
  add(socket: WebSocket, trusted: boolean): void {
    const { limits } = this.#options
    this.#senders.add(socket)
    let joined = false
    const timer = setTimeout(() => closeSoon(socket, REFUSED, 'no join message'), limits.joinWithinMs).unref()
    socket.on('message', (data, isBinary) => {
      const message = parse(data, isBinary)
      if ('error' in message) return this.#refuse(socket, String(message.error))
      if (!joined) {
        const problem = this.#checkJoin(message, trusted)
        if (problem !== null) return this.#refuse(socket, problem)
        clearTimeout(timer)
        joined = true
      } else if (message.type === 'frame') {
        this.#accept(socket, message.snapshot)
      } else {
        this.#refuse(socket, `unknown message type ${JSON.stringify(message.type)?.slice(0, 40)}`)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      this.#remove(socket)
    })
  }

  close(reason: string): void {
    for (const socket of this.#senders) socket.close(1001, reason)
  }

  #checkJoin(message: Record<string, unknown>, trusted: boolean): string | null {
    if (message.type !== 'join') return 'the first message must be a join'
    if (typeof message.version !== 'number') return 'join without a version'
    if (message.version > STREAM_VERSION)
      return `frames of version ${message.version}, this collector reads ${STREAM_VERSION}`
    const { token } = this.#options
    if (trusted || token === undefined) return null
    return typeof message.token === 'string' && sameToken(message.token, token) ? null : 'the token is missing or wrong'
  }

  #accept(socket: WebSocket, frame: unknown): void {
    const { collector, now } = this.#options
    const accepted = collector.accept(frame, now())
    if ('error' in accepted) return this.#refuse(socket, accepted.error)
    this.#speakers.set(accepted.id, socket)
  }

  #refuse(socket: WebSocket, reason: string): void {
    // Messages that are on their way still arrive after a close.
    if (socket.readyState !== socket.OPEN) return
    this.#options.log('warn', 'frame-refused', `an agent's message was refused: ${reason}`)
    closeSoon(socket, REFUSED, reason)
  }

  #remove(socket: WebSocket): void {
    this.#senders.delete(socket)
    for (const [id, speaker] of this.#speakers) {
      if (speaker !== socket) continue
      this.#speakers.delete(id)
      this.#options.collector.left(id)
    }
  }
}

function parse(data: RawData, isBinary: boolean): Record<string, unknown> | { error: string } {
  if (isBinary) return { error: 'a message must be text' }
  try {
    const value: unknown = JSON.parse(String(data))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    return { error: 'a message must be an object' }
  } catch {
    return { error: 'a message must be JSON' }
  }
}
