/** Pushes this process' snapshots to a collector: the parent of a cluster worker, or the one that LOOPSCOPE_COLLECTOR names. */
import { createRequire } from 'node:module'
import { STREAM_VERSION, type FrameMessage, type InstanceSnapshot } from '@loopscope/collector/protocol'
import type * as WebSocketModule from 'ws'
import type { Log } from '../log.ts'

export interface JoinOptions {
  /** `ws://…` or `ws+unix:PATH`, without the path of the endpoint. */
  collector: string
  token: string | undefined
  version: string
  snapshots: () => InstanceSnapshot[]
  log: Log
}

const EVERY_MS = 1000
const RETRY_MS = [500, 1000, 2000, 5000, 10_000]
/** A collector that does not take what was sent is sent nothing more until it has. */
const MAX_BUFFERED = 4 * 1024 * 1024

export function joinCollector({ collector, token, version, snapshots, log }: JoinOptions): () => void {
  const address = collector.startsWith('ws+unix:')
    ? `${collector}:/api/v1/frames`
    : new URL('/api/v1/frames', collector).href
  // Loaded for those who push somewhere: 1 MB.
  const { WebSocket } = createRequire(import.meta.url)('ws') as typeof WebSocketModule
  let socket: WebSocketModule.WebSocket | undefined
  let timer: NodeJS.Timeout | undefined
  let tries = 0
  let stopped = false

  const send = (message: FrameMessage): void => socket?.send(JSON.stringify(message))

  const push = (): void => {
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > MAX_BUFFERED) return
    for (const snapshot of snapshots()) send({ type: 'frame', snapshot })
  }

  const connect = (): void => {
    socket = new WebSocket(address, { handshakeTimeout: 5000, perMessageDeflate: false })
    socket.on('open', () => {
      tries = 0
      send({ type: 'join', version: STREAM_VERSION, agent: version, ...(token === undefined ? {} : { token }) })
      push()
      timer = setInterval(push, EVERY_MS)
    })
    socket.on('error', (error) => log('warn', 'collector', `collector ${collector}: ${error.message}; trying again`))
    socket.on('close', (code, reason) => {
      clearInterval(timer)
      if (code === 1008) log('warn', 'collector', `collector ${collector} refused: ${String(reason)}`)
      if (!stopped) timer = setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)])
    })
  }

  connect()
  return () => {
    stopped = true
    clearInterval(timer)
    socket?.close()
  }
}
