/** The shape of a metrics topic: it reads one instance's snapshot and adds points. One file per topic, in a list. */
import type { Exemplar, HistogramData, InstanceSnapshot } from '../protocol/rows.ts'
import type { Attributes } from './family.ts'
import type { MetricKey } from './names.ts'

export interface Topic {
  name: string
  add(snapshot: InstanceSnapshot, points: Points): void
}

/** What is null or undefined is not known: it gives no point. */
export interface Points {
  value(metric: MetricKey, attributes: MaybeAttributes, value: number | null | undefined): void
  histogram(metric: MetricKey, attributes: MaybeAttributes, data: HistogramData | undefined, exemplar?: Exemplar): void
}

/** Attributes that are null, undefined or empty are left out. */
export type MaybeAttributes = Record<string, string | number | null | undefined>

export function knownAttributes(attributes: MaybeAttributes): Attributes {
  const known: Attributes = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== '') known[name] = value
  }
  return known
}

/** The protocol and the model speak in ms and bytes, metrics in seconds. */
export function seconds(ms: number | null | undefined): number | undefined {
  return ms === null || ms === undefined ? undefined : ms / 1000
}

/**
 * "GET /cart/:id" in the attributes of the semantic conventions, so that all series of a route join on the same labels.
 * A route without a method (a task's name, 'other') is the route alone.
 */
export function routeAttributes(route: string | null | undefined): MaybeAttributes {
  const match = /^([A-Z]{3,10}) (.*)$/s.exec(route ?? '')
  return match ? { 'http.request.method': match[1], 'http.route': match[2] } : { 'http.route': route }
}
