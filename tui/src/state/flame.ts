/** Where the reader is in the flame graph, and how the keys move it. */
import type { Elsewhere, StacksRow } from '@loopscope/collector/protocol'
import { along, flameGraph, heaviest, pathsAt, type FlameNode } from './flame-graph.ts'

/** Seconds up to now that can be looked at. */
export const FLAME_WINDOWS = [60, 300, 900] as const

/** What of the row, in whose place the graph was opened, is looked for in it. */
export interface FlameTarget {
  function: string
  file: string
  line: number
  route: string | null
}

export interface FlameState {
  last: number
  route: string | null | undefined
  inverted: boolean
  everything: boolean
  /** Keys from the root to the frame that has the whole width; those before it are the way back. */
  zoom: string[]
  zoomedFrom: string[][]
  /** Keys from the root to the chosen frame; it is the zoomed one or below it. */
  cursor: string[]
  /** Chosen as soon as the stacks are there. */
  target: FlameTarget | null
  /** undefined: not there yet. */
  stacks: StacksRow[] | undefined
  elsewhere: Elsewhere[]
  problem: string | undefined
}

export type FlameMove = 'up' | 'down' | 'left' | 'right'

export type FlameEvent =
  | { type: 'flame-move'; move: FlameMove }
  | { type: 'flame-zoom' }
  | { type: 'flame-route' }
  | { type: 'flame-invert' }
  | { type: 'flame-everything' }
  | { type: 'flame-window' }
  /** What was fetched for the window. */
  | { type: 'stacks'; last: number; items: StacksRow[]; elsewhere: Elsewhere[] }
  | { type: 'stacks-failed'; last: number; problem: string }

export function openFlame(target: FlameTarget | null): FlameState {
  return {
    last: FLAME_WINDOWS[0],
    route: undefined,
    inverted: false,
    everything: false,
    zoom: [],
    zoomedFrom: [],
    cursor: [],
    target,
    stacks: undefined,
    elsewhere: [],
    problem: undefined,
  }
}

export function graphOf({ stacks, route, inverted, everything }: FlameState): FlameNode {
  return flameGraph(stacks ?? [], { route, inverted, everything })
}

export function changeFlame(flame: FlameState, event: FlameEvent): FlameState {
  switch (event.type) {
    case 'flame-move':
      return { ...flame, target: null, cursor: moved(flame, graphOf(flame), event.move) }
    case 'flame-zoom':
      if (flame.cursor.length === flame.zoom.length) return flame
      return { ...flame, zoom: flame.cursor, zoomedFrom: [...flame.zoomedFrom, flame.zoom] }
    case 'flame-route':
      return changed(flame, { route: flame.route === undefined ? chosenRoute(flame) : undefined })
    case 'flame-invert':
      return changed(flame, { inverted: !flame.inverted })
    case 'flame-everything':
      return changed(flame, { everything: !flame.everything })
    case 'flame-window': {
      const at = FLAME_WINDOWS.findIndex((seconds) => seconds === flame.last)
      const last = FLAME_WINDOWS[(at + 1) % FLAME_WINDOWS.length]!
      return { ...flame, last, stacks: undefined, problem: undefined, target: chosenTarget(flame) }
    }
    case 'stacks': {
      if (event.last !== flame.last) return flame
      const { problem: _, ...rest } = flame
      return settled({ ...rest, problem: undefined, stacks: event.items, elsewhere: event.elsewhere })
    }
    case 'stacks-failed':
      return event.last === flame.last ? { ...flame, problem: event.problem } : flame
  }
}

/** One zoom back; null when there is none: the graph is left. */
export function zoomedOut(flame: FlameState): FlameState | null {
  const zoom = flame.zoomedFrom.at(-1)
  return zoom === undefined ? null : { ...flame, zoom, zoomedFrom: flame.zoomedFrom.slice(0, -1) }
}

function moved({ cursor, zoom }: FlameState, root: FlameNode, move: FlameMove): string[] {
  if (move === 'up') return cursor.length > Math.max(1, zoom.length) ? cursor.slice(0, -1) : cursor
  if (move === 'down') {
    const below = along(root, cursor).at(-1)!.children[0]
    return below ? [...cursor, below.key] : cursor
  }
  // Beside it on the screen: also a cousin.
  const paths = pathsAt(root, zoom, cursor.length)
  const at = paths.findIndex((path) => path.every((key, i) => key === cursor[i]))
  return paths[at + (move === 'left' ? -1 : 1)] ?? cursor
}

/** New stacks, or another graph of them: zoom and cursor stay as far as their frames exist. */
function settled(flame: FlameState): FlameState {
  const root = graphOf(flame)
  if (flame.target !== null) {
    const cursor = find(root, flame.target)
    return { ...flame, target: null, zoom: [], zoomedFrom: [], cursor: cursor ?? firstOf(root) }
  }
  const existing = (path: string[]) => path.slice(0, along(root, path).length - 1)
  const zoom = existing(flame.zoom)
  const cursor = existing(flame.cursor)
  const zoomedFrom = zoom.length === flame.zoom.length ? flame.zoomedFrom : []
  return {
    ...flame,
    zoom: zoomedFrom.length > 0 ? zoom : [],
    zoomedFrom,
    cursor: cursor.length > 0 ? cursor : firstOf(root),
  }
}

/** Another graph of the same stacks: the chosen frame is looked for in it. */
function changed(flame: FlameState, change: Partial<FlameState>): FlameState {
  return settled({ ...flame, ...change, target: flame.target ?? chosenTarget(flame) })
}

function firstOf(root: FlameNode): string[] {
  return root.children[0] ? [root.children[0].key] : []
}

function find(root: FlameNode, { function: name, file, line, route }: FlameTarget): string[] | undefined {
  const isIt = (node: FlameNode) => node.name.replace(/^async /, '') === name && node.file === file
  const isOfRoute = (path: FlameNode[]) => path[0]!.kind !== 'route' || route === null || path[0]!.name === route
  return (
    heaviest(root, (node, path) => isIt(node) && node.line === line && isOfRoute(path)) ??
    heaviest(root, (node, path) => isIt(node) && isOfRoute(path)) ??
    heaviest(root, (node) => isIt(node))
  )
}

function chosenTarget(flame: FlameState): FlameTarget | null {
  const node = along(graphOf(flame), flame.cursor).at(-1)!
  if (node.kind === 'route' || node.file === '') return flame.target
  const { name, file, line } = node
  return { function: name.replace(/^async /, ''), file, line, route: chosenRoute(flame) ?? null }
}

/** The one with the most time in the chosen frame. */
function chosenRoute(flame: FlameState): string | null | undefined {
  const { routes } = along(graphOf(flame), flame.cursor).at(-1)!
  return flame.cursor.length === 0 ? undefined : [...routes].sort((a, b) => b[1] - a[1])[0]?.[0]
}
