/** (state, event) -> state. Pure: the clock comes in with the events. */
import {
  applyMessage,
  emptyTables,
  ROW_KEY,
  TABLES,
  type HotRow,
  type TableName,
  type Tables,
} from '@loopscope/collector/protocol'
import type { SourceEvent } from '../source/live.ts'
import { changeFlame, openFlame, zoomedOut, type FlameEvent } from './flame.ts'
import { HISTORY_SECONDS, type Place, type Sample, type SourceState, type State, type ViewName } from './state.ts'

export type Event =
  | SourceEvent
  | { type: 'tick'; now: number }
  | { type: 'view'; view: ViewName }
  | { type: 'help' }
  /** Moves in the list whose keys, in the order on screen, are given. */
  | { type: 'move'; by: number; keys: string[] }
  | { type: 'select'; key: string; keys: string[] }
  | { type: 'open'; keys: string[] }
  | { type: 'scroll'; by: number }
  | { type: 'back' }
  | { type: 'sort'; columns: string[] }
  | { type: 'reverse' }
  | { type: 'type-filter' }
  | { type: 'filter'; text: string }
  | { type: 'filter-done' }
  | { type: 'freeze' }
  | { type: 'follow' }
  | { type: 'instance'; instance: string | null }
  | { type: 'mouse' }
  | { type: 'file'; path: string; lines: string[] | null }
  | FlameEvent

export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case 'connected':
    case 'message':
    case 'lost':
    case 'failed':
    case 'gone':
      return fromSource(state, event)
    case 'tick':
      return { ...state, clock: event.now }
    case 'view':
      return {
        ...state,
        view: event.view,
        typing: false,
        previous: state.view === 'help' ? state.previous : state.view,
      }
    case 'help':
      return state.view === 'help'
        ? { ...state, view: state.previous }
        : { ...state, view: 'help', previous: state.view, typing: false }
    case 'move':
      return changePlace(state, (place) => moved(place, event.keys, event.by, state.follow))
    case 'select':
      return changePlace(state, (place) => ({
        ...place,
        selected: event.key,
        index: Math.max(0, event.keys.indexOf(event.key)),
      }))
    case 'open': {
      const place = state.places[state.view]
      const key = event.keys[selectedIndex(place, event.keys, state.follow)]
      if (key === undefined) return state
      const opened = changePlace(state, () => ({ ...place, selected: key, open: key, scroll: 0 }))
      return state.view === 'hot' ? { ...opened, flame: openFlame(hotRow(state, key)) } : opened
    }
    case 'scroll':
      return changePlace(state, (place) => ({ ...place, scroll: Math.max(0, place.scroll + event.by) }))
    case 'back':
      return back(state)
    case 'sort':
      return changePlace(state, (place) => nextSort(place, event.columns))
    case 'reverse':
      return changePlace(state, (place) => ({ ...place, reversed: !place.reversed }))
    case 'type-filter':
      return { ...state, typing: true }
    case 'filter':
      return changePlace(state, (place) => ({ ...place, filter: event.text, index: 0, selected: null, open: null }))
    case 'filter-done':
      return { ...state, typing: false }
    case 'freeze': {
      const { tables, now, history } = state
      return { ...state, frozen: state.frozen ? null : { tables, now, history } }
    }
    case 'follow':
      return { ...state, follow: !state.follow }
    case 'instance':
      return { ...state, instance: event.instance }
    case 'mouse':
      return { ...state, mouse: !state.mouse }
    case 'file':
      return { ...state, files: { ...state.files, [event.path]: event.lines } }
    default:
      return state.flame === null ? state : { ...state, flame: changeFlame(state.flame, event) }
  }
}

/** The place in `keys` of what is selected: by its key while following, else (and when it is gone) by its number. */
export function selectedIndex(place: Place, keys: readonly string[], follow: boolean): number {
  const found = follow && place.selected !== null ? keys.indexOf(place.selected) : -1
  return Math.max(0, Math.min(found >= 0 ? found : place.index, keys.length - 1))
}

function moved(place: Place, keys: string[], by: number, follow: boolean): Place {
  if (keys.length === 0) return place
  const index = Math.max(0, Math.min(selectedIndex(place, keys, follow) + by, keys.length - 1))
  // At the top the selection stays at the top: a new worst row is then the selected one.
  return { ...place, index, selected: index === 0 ? null : keys[index]! }
}

/** One step out: the filter's editor, a zoom, the detail, the filter, the one instance, the view. */
function back(state: State): State {
  const place = state.places[state.view]
  if (state.typing) return { ...changePlace(state, () => ({ ...place, filter: '' })), typing: false }
  if (state.view === 'hot' && state.flame !== null) {
    const flame = zoomedOut(state.flame)
    return flame ? { ...state, flame } : { ...changePlace(state, () => ({ ...place, open: null })), flame: null }
  }
  if (place.open !== null) return changePlace(state, () => ({ ...place, open: null, scroll: 0 }))
  if (state.view === 'help') return { ...state, view: state.previous }
  if (place.filter !== '') return changePlace(state, () => ({ ...place, filter: '' }))
  if (state.instance !== null) return { ...state, instance: null }
  return state.view === 'overview' ? state : { ...state, view: 'overview', previous: state.view }
}

function hotRow(state: State, key: string): HotRow | null {
  return state.tables.hot.find((row) => ROW_KEY.hot(row) === key) ?? null
}

function nextSort(place: Place, columns: string[]): Place {
  const at = place.sort === undefined ? -1 : columns.indexOf(place.sort)
  const { sort: _, ...rest } = place
  const next = columns[at + 1]
  return { ...rest, ...(next === undefined ? {} : { sort: next }), reversed: false }
}

function changePlace(state: State, change: (place: Place) => Place): State {
  return { ...state, places: { ...state.places, [state.view]: change(state.places[state.view]) } }
}

function fromSource(state: State, event: SourceEvent): State {
  if (event.type === 'gone') {
    const { [event.source]: _, ...sources } = state.sources
    return withTables({ ...state, sources })
  }
  const before: SourceState = state.sources[event.source] ?? {
    status: 'connecting',
    tables: emptyTables(),
    now: 0,
    receivedAt: 0,
    skipped: 0,
  }
  const { reason: _, ...healthy } = before
  const put = (source: SourceState): State => ({ ...state, sources: { ...state.sources, [event.source]: source } })
  if (event.type === 'connected') return put({ ...healthy, status: before.receivedAt > 0 ? 'live' : 'connecting' })
  if (event.type === 'lost') return put({ ...before, status: 'reconnecting', reason: event.reason })
  if (event.type === 'failed')
    return put({ ...before, status: 'failed', reason: `${event.error.message}: ${event.error.remedy}` })
  const { message, receivedAt } = event
  if (message.type === 'hello') return put({ ...healthy, status: before.receivedAt > 0 ? 'live' : 'connecting' })
  if (message.type === 'bye')
    return put({ ...before, status: 'reconnecting', reason: `it said goodbye: ${message.reason}` })
  const skipped = before.skipped + (message.type === 'skipped' ? message.messages : 0)
  const tables = applyMessage(before.tables, message)
  const next = put({ ...healthy, status: 'live', tables, now: message.now, receivedAt, skipped })
  return remember(withTables({ ...next, clock: Math.max(state.clock, receivedAt) }))
}

/** All sources as one. The same row from two of them (a worker seen through its parent and by its own socket) is one row. */
function withTables(state: State): State {
  const sources = Object.values(state.sources)
  const now = Math.max(0, ...sources.map((source) => source.now))
  if (sources.length === 1) return { ...state, tables: sources[0]!.tables, now }
  const merged: Record<string, unknown[]> = {}
  for (const name of TABLES)
    merged[name] = mergeRows(
      name,
      sources.map((source) => source.tables),
    )
  return { ...state, tables: merged as unknown as Tables, now }
}

function mergeRows(name: TableName, all: Tables[]): unknown[] {
  const keyOf = ROW_KEY[name] as (row: unknown) => string
  const rows = new Map<string, unknown>()
  for (const tables of all) for (const row of tables[name]) rows.set(keyOf(row), row)
  return [...rows.values()]
}

/** At most one sample a second for each instance, for five minutes; an instance that is gone is forgotten. */
function remember(state: State): State {
  const history: Record<string, Sample[]> = {}
  for (const row of state.tables.loop) {
    const past = state.history[row.instance] ?? []
    const last = past.at(-1)
    const sample: Sample = { at: state.now, utilization: row.utilization, delay: row.delay.p99 }
    const fresh = last === undefined || state.now - last.at >= 900
    history[row.instance] = fresh ? [...past.slice(-(HISTORY_SECONDS - 1)), sample] : past
  }
  return { ...state, history }
}
