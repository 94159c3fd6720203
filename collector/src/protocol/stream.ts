/**
 * The messages of `/api/v1/stream` (to a reader) and of `/api/v1/frames` (from an agent that joins a collector).
 * SPEC.md says what absence means and what an old reader does.
 */
import { ROW_KEY, TABLES, type InstanceSnapshot, type TableName, type Tables } from './rows.ts'

export const STREAM_VERSION = 1

export type StreamMessage =
  | { type: 'hello'; version: number; agent: string; now: number; intervalMs: number }
  | { type: 'snapshot'; now: number; tables: Tables }
  | { type: 'delta'; now: number; tables: Delta }
  /** The reader was too slow: `messages` were left out. A full snapshot follows. */
  | { type: 'skipped'; now: number; messages: number }
  | { type: 'bye'; now: number; reason: string }

export type Delta = { [T in TableName]?: { set?: Tables[T]; gone?: string[] } }

export type FrameMessage =
  { type: 'join'; version: number; agent: string; token?: string } | { type: 'frame'; snapshot: InstanceSnapshot }

export function emptyTables(): Tables {
  return {
    instances: [],
    loop: [],
    blocks: [],
    hot: [],
    routes: [],
    tasks: [],
    pools: [],
    background: [],
    streams: [],
    culprits: [],
    blame: [],
    websockets: [],
    layers: [],
  }
}

/** One message applied to what a reader holds; rows keep the order in which they came. */
export function applyMessage(tables: Tables, message: StreamMessage): Tables {
  if (message.type === 'snapshot') return { ...emptyTables(), ...message.tables }
  if (message.type !== 'delta') return tables
  const next = { ...tables } as Record<TableName, unknown[]>
  for (const name of TABLES) {
    const change = message.tables[name] as { set?: unknown[]; gone?: string[] } | undefined
    if (!change) continue
    const keyOf = ROW_KEY[name] as (row: unknown) => string
    const rows = new Map((tables[name] as unknown[]).map((row) => [keyOf(row), row]))
    for (const key of change.gone ?? []) rows.delete(key)
    for (const row of change.set ?? []) rows.set(keyOf(row), row)
    next[name] = [...rows.values()]
  }
  return next as unknown as Tables
}

/** Checks what came over the wire; returns why it is no message, or the message. */
export function parseStreamMessage(text: string): StreamMessage | { error: string } {
  const value = parseObject(text)
  if ('error' in value) return { error: String(value.error) }
  switch (value.type) {
    case 'hello':
      if (typeof value.version !== 'number') return { error: 'hello without a version' }
      if (value.version > STREAM_VERSION) {
        return { error: `the stream speaks version ${value.version}, this reader ${STREAM_VERSION}: update loopscope` }
      }
      break
    case 'snapshot':
    case 'delta':
      if (typeof value.tables !== 'object' || value.tables === null) return { error: `${value.type} without tables` }
      break
    case 'skipped':
    case 'bye':
      break
    default:
      return { error: `unknown message type ${JSON.stringify(value.type)}` }
  }
  return value as unknown as StreamMessage
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    return { error: 'not an object' }
  } catch {
    return { error: 'not JSON' }
  }
}
