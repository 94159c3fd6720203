/** All that the screen is drawn from. Knows no terminal; changed by reduce() alone. */
import { emptyTables, type Tables } from '@loopscope/collector/protocol'
import type { FlameState } from './flame.ts'

export const VIEW_NAMES = ['overview', 'blocks', 'routes', 'tasks', 'pools', 'hot', 'instances', 'help'] as const
export type ViewName = (typeof VIEW_NAMES)[number]

/** One stream: what it said last, and whether it still speaks. */
export interface SourceState {
  status: 'connecting' | 'live' | 'reconnecting' | 'failed'
  tables: Tables
  /** The server's clock at its last message, and ours when it came. */
  now: number
  receivedAt: number
  /** Messages that the server left out because this reader was too slow. */
  skipped: number
  reason?: string
}

/** One second of an instance, for the sparklines. */
export interface Sample {
  at: number
  utilization: number
  delay: number
}

/** Where the reader is in one view. */
export interface Place {
  filter: string
  /** Column id; undefined is the view's own order. */
  sort?: string
  reversed: boolean
  /** Key of the selected row, and its place in the list for when the row is gone. */
  selected: string | null
  index: number
  /** Key of the row that is open in detail. */
  open: string | null
  scroll: number
}

/** What is on screen: the same shape live and frozen. */
export interface Shown {
  tables: Tables
  now: number
  history: Record<string, Sample[]>
}

export interface State extends Shown {
  sources: Record<string, SourceState>
  view: ViewName
  /** Where `help` and a detail go back to. */
  previous: ViewName
  places: Record<ViewName, Place>
  /** The filter is being typed. */
  typing: boolean
  /** This client stands still; data keeps arriving. */
  frozen: Shown | null
  /** The selection stays on its row when the order changes; otherwise on its place. */
  follow: boolean
  /** Show one instance only. */
  instance: string | null
  mouse: boolean
  /** Lines of source files that were looked for; null: not readable here. */
  files: Record<string, string[] | null>
  /** The flame graph, where it is open in `hot`. */
  flame: FlameState | null
  /** Our clock. */
  clock: number
}

export const HISTORY_SECONDS = 300

export function initialPlace(): Place {
  return { filter: '', reversed: false, selected: null, index: 0, open: null, scroll: 0 }
}

export function initialState(clock: number, instance: string | null = null): State {
  const places = Object.fromEntries(VIEW_NAMES.map((name) => [name, initialPlace()])) as Record<ViewName, Place>
  return {
    sources: {},
    tables: emptyTables(),
    now: 0,
    history: {},
    view: 'overview',
    previous: 'overview',
    places,
    typing: false,
    frozen: null,
    follow: true,
    instance,
    mouse: false,
    files: {},
    flame: null,
    clock,
  }
}

/** What a view draws: frozen or live, all instances or one. */
export function shown(state: State): Shown {
  const base: Shown = state.frozen ?? state
  if (state.instance === null) return base
  return { ...base, tables: onlyInstance(base.tables, state.instance) }
}

export function onlyInstance(tables: Tables, instance: string): Tables {
  const of = <Row extends { instance: string }>(rows: Row[]) => rows.filter((row) => row.instance === instance)
  return {
    instances: tables.instances.filter((row) => row.id === instance),
    loop: of(tables.loop),
    // With what the process before it was in when it was killed.
    blocks: tables.blocks.filter((row) => row.instance === instance || row.successor === instance),
    hot: of(tables.hot),
    routes: of(tables.routes),
    tasks: of(tables.tasks),
    pools: of(tables.pools),
    background: of(tables.background),
    streams: of(tables.streams),
    culprits: of(tables.culprits),
    blame: of(tables.blame),
    websockets: of(tables.websockets),
    layers: of(tables.layers),
  }
}

/** Older than this without a message and the figures are marked as stale. */
export const STALE_MS = 5000

export interface Connection {
  /** live: all sources speak. partly: some. lost: none does now. waiting: none has spoken yet. none: there is no source. */
  kind: 'live' | 'partly' | 'lost' | 'waiting' | 'none'
  live: number
  total: number
  reason?: string
  /** How old the newest figures are. */
  age: number
}

export function connection(state: State, staleMs: number = STALE_MS): Connection {
  const sources = Object.values(state.sources)
  const spoken = sources.filter((source) => source.receivedAt > 0)
  const live = sources.filter((source) => source.status === 'live' && state.clock - source.receivedAt < staleMs).length
  const age = spoken.length > 0 ? Math.max(0, state.clock - Math.max(...spoken.map((source) => source.receivedAt))) : 0
  const reason = sources.find((source) => source.reason !== undefined)?.reason
  const facts = { live, total: sources.length, age, ...(reason === undefined ? {} : { reason }) }
  if (sources.length === 0) return { kind: 'none', ...facts }
  if (spoken.length === 0) return { kind: 'waiting', ...facts }
  if (live === 0) return { kind: 'lost', ...facts }
  return { kind: live === sources.length ? 'live' : 'partly', ...facts }
}
