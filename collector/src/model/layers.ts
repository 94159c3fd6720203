/** What requests of a route pass through, of those that were measured: calls, their synchronous part, what they wait for. */
import { LAYER, type LayerKind } from '../protocol/events.ts'
import type { Frame, LayerRow } from '../protocol/rows.ts'
import { WindowMax, WindowSum } from './window.ts'

export interface Layer {
  kind: LayerKind
  name: string
  /** Where it was registered. */
  site: Frame | undefined
}

export interface LayerTimes {
  flags: number
  onLoop: number
  wait: number
}

class LayerStats {
  readonly layer: Layer
  readonly calls = new WindowSum()
  readonly positions = new WindowSum()
  readonly async = new WindowSum()
  readonly failed = new WindowSum()
  readonly onLoop = new WindowSum()
  readonly wait = new WindowSum()
  readonly maxOnLoop = new WindowMax()
  readonly maxWait = new WindowMax()

  constructor(layer: Layer) {
    this.layer = layer
  }
}

interface RouteLayers {
  measured: WindowSum
  layers: Map<string, LayerStats>
}

const MAX_ROUTES = 400
const MAX_LAYERS = 200
const MAX_ROWS = 500

export class LayerModel {
  readonly #routes = new Map<string, RouteLayers>()
  /** The route of the request whose layers are being told, and how many have been. */
  #route: RouteLayers | undefined
  #position = 0

  /** A request of this route was measured; its layers follow. */
  measured(now: number, route: string | null): void {
    this.#position = 0
    this.#route = route === null ? undefined : this.#routeOf(route)
    this.#route?.measured.add(now, 1)
  }

  call(now: number, layer: Layer, { flags, onLoop, wait }: LayerTimes): void {
    const position = ++this.#position
    if (this.#route === undefined) return
    const { layers } = this.#route
    const key = [layer.kind, layer.name, layer.site?.file, layer.site?.line].join('|')
    let stats = layers.get(key)
    if (stats === undefined) {
      if (layers.size >= MAX_LAYERS) return
      layers.set(key, (stats = new LayerStats(layer)))
    }
    stats.calls.add(now, 1)
    stats.positions.add(now, position)
    if (flags & LAYER.async) stats.async.add(now, 1)
    if (flags & LAYER.failed) stats.failed.add(now, 1)
    stats.onLoop.add(now, onLoop)
    stats.wait.add(now, wait)
    stats.maxOnLoop.add(now, onLoop)
    stats.maxWait.add(now, wait)
  }

  /** The routes whose layers take most, each in the order in which a request passes. */
  rows(now: number, instance: string): LayerRow[] {
    const routes = [...this.#routes].map(([route, { measured, layers }]) => {
      const requests = measured.recent(now)
      const rows = [...layers.values()].flatMap((stats) => rowOf(stats, now, instance, route, requests))
      const time = rows.reduce((sum, row) => sum + layerTime(row), 0)
      return { rows: rows.sort((a, b) => a.position - b.position), time }
    })
    return routes
      .sort((a, b) => b.time - a.time)
      .flatMap(({ rows }) => rows)
      .slice(0, MAX_ROWS)
  }

  #routeOf(name: string): RouteLayers | undefined {
    let route = this.#routes.get(name)
    if (route === undefined && this.#routes.size < MAX_ROUTES) {
      this.#routes.set(name, (route = { measured: new WindowSum(), layers: new Map() }))
    }
    return route
  }
}

/** ms that the measured calls took. */
export function layerTime({ calls, onLoop, wait }: LayerRow): number {
  return calls * (onLoop.mean + wait.mean)
}

function rowOf(stats: LayerStats, now: number, instance: string, route: string, measured: number): LayerRow[] {
  const calls = stats.calls.recent(now)
  if (calls === 0) return []
  const { kind, name, site } = stats.layer
  return [
    {
      instance,
      route,
      kind,
      name,
      file: site?.file ?? null,
      line: site?.line ?? null,
      position: stats.positions.recent(now) / calls,
      measured,
      calls,
      async: stats.async.recent(now) / calls,
      failed: stats.failed.recent(now),
      onLoop: { mean: stats.onLoop.recent(now) / calls, max: stats.maxOnLoop.recent(now) },
      wait: { mean: stats.wait.recent(now) / calls, max: stats.maxWait.recent(now) },
    },
  ]
}
