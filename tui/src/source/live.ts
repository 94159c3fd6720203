/**
 * One live stream, kept alive: connects, hands on messages, and when the line breaks connects again with growing pauses.
 * What can not get better by waiting (a wrong token, a newer protocol) ends it with a reason.
 */
import { WebSocket, type RawData } from 'ws'
import { parseStreamMessage, type StreamMessage } from '@loopscope/collector/protocol'
import { UserError } from '../errors.ts'
import { sanitiseDeep } from '../text/sanitise.ts'
import { authorization, refusal, streamAddress, unreachable, type Endpoint } from './endpoint.ts'

export type SourceEvent =
  | { type: 'connected'; source: string }
  | { type: 'message'; source: string; message: StreamMessage; receivedAt: number }
  /** Trying again. `nobody`: there is no one behind this address (refused, or no such socket). */
  | { type: 'lost'; source: string; reason: string; attempt: number; nobody: boolean }
  /** Over: no more events of this source. */
  | { type: 'failed'; source: string; error: UserError }
  | { type: 'gone'; source: string }

export type SourceListener = (event: SourceEvent) => void

export interface LiveOptions {
  now: () => number
  /** The first pause before connecting again; each further one is twice as long, up to the longest. */
  firstRetryMs: number
  longestRetryMs: number
  /** No message for this long (the server sends several a second to one a few seconds) and the line counts as broken. */
  silenceMs: number
}

export const LIVE_DEFAULTS = { firstRetryMs: 250, longestRetryMs: 5000, silenceMs: 15_000 } as const

/** Starts at once; returns what stops it. */
export function openLive(endpoint: Endpoint, listener: SourceListener, options: LiveOptions): () => void {
  const source = endpoint.label
  let socket: WebSocket | undefined
  let timer: NodeJS.Timeout | undefined
  let attempt = 0
  let over = false

  const connect = () => {
    const current = new WebSocket(streamAddress(endpoint), {
      headers: authorization(endpoint),
      handshakeTimeout: options.silenceMs,
      maxPayload: 64 * 1024 * 1024,
    })
    socket = current
    let reason = 'the connection was closed'
    let nobody = false
    const watchSilence = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        reason = `nothing heard for ${Math.round(options.silenceMs / 1000)}s`
        current.terminate()
      }, options.silenceMs)
    }
    current.on('open', () => {
      watchSilence()
      if (!over) listener({ type: 'connected', source })
    })
    current.on('message', (data) => {
      if (over) return
      watchSilence()
      attempt = 0
      read(data)
    })
    current.on('ping', watchSilence)
    current.on('unexpected-response', (outgoing, answer) => {
      outgoing.destroy()
      const status = answer.statusCode ?? 0
      if (status >= 500) reason = `answered ${status}`
      else end(refusal(endpoint, status))
      // ws leaves the socket in CONNECTING here; without this no 'close' follows.
      current.terminate()
    })
    current.on('error', (error) => {
      nobody = 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')
      if (!over && reason === 'the connection was closed') reason = unreachable(endpoint, error).message
    })
    current.on('close', () => {
      clearTimeout(timer)
      if (over || socket !== current) return
      attempt++
      const pause = Math.min(options.longestRetryMs, options.firstRetryMs * 2 ** (attempt - 1))
      timer = setTimeout(connect, pause)
      listener({ type: 'lost', source, reason, attempt, nobody })
    })
  }

  const read = (data: RawData) => {
    const text = Array.isArray(data)
      ? Buffer.concat(data).toString('utf8')
      : Buffer.from(data as Buffer).toString('utf8')
    const message = parseStreamMessage(text)
    if ('error' in message)
      return end(
        new UserError(`${endpoint.label}: ${message.error}`, 'use the same version of loopscope on both sides'),
      )
    listener({ type: 'message', source, message: sanitiseDeep(message), receivedAt: options.now() })
  }

  const end = (error: UserError) => {
    if (over) return
    stop()
    listener({ type: 'failed', source, error })
  }

  const stop = () => {
    over = true
    clearTimeout(timer)
    socket?.terminate()
  }

  connect()
  return stop
}
