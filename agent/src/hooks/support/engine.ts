/** What socket.io's hook reads of socket.io, and of the engine below it. */
import type { Observed } from './connection.ts'
import { bytesOf } from './socket-names.ts'

export interface Packet {
  type: number
  nsp: string
  id?: number
}

export interface Engine {
  ws?: object
}

interface EngineConnection {
  readyState: string
  transport: { name: string; writable: boolean; socket?: { bufferedAmount?: number } }
  writeBuffer: readonly { data?: unknown }[]
}

export interface Client {
  conn: EngineConnection
  /** The sockets by their namespace. */
  nsps: Map<string, Socket>
}

export interface Socket extends Observed {
  nsp: { name: string }
  client: Client
  connected: boolean
  fns: readonly unknown[]
  _anyListeners?: readonly unknown[]
  acks: Map<unknown, unknown>
  listenerCount(event: string): number
}

/** Events and acknowledgements, with and without attachments; the rest is the protocol's own. */
const COUNTED = new Set([2, 3, 5, 6])
/** So many of those that wait for the transport are added up, the rest is taken to be as large. */
const ADDED_UP = 200

export function isCounted(type: number): boolean {
  return COUNTED.has(type)
}

/** What the engine holds back for its transport, and what the transport holds. Of a client's sockets the first speaks for it. */
export function bufferedOf(socket: Socket): number {
  const { conn, nsps } = socket.client
  const [first] = nsps.values()
  if (first !== socket) return 0
  const { writeBuffer, transport } = conn
  let bytes = 0
  const length = Math.min(ADDED_UP, writeBuffer.length)
  for (let i = 0; i < length; i++) bytes += bytesOf(writeBuffer[i]!.data)
  if (length < writeBuffer.length) bytes *= writeBuffer.length / length
  const held = transport.name === 'websocket' ? (transport.socket?.bufferedAmount ?? 0) : 0
  return Math.round(bytes) + held
}
