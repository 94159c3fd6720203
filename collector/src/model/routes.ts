/** What is known of each route: in flight, latency, errors, where its time goes. */
import type { RouteRow, Totals, Wait } from '../protocol/rows.ts'
import { breakdownOf, type OnLoop } from './breakdown.ts'
import { Histogram } from './histogram.ts'
import { quantiles } from './loop.ts'
import { WindowHistogram, WindowSum } from './window.ts'

export interface RouteStats {
  name: string
  method: string
  template: string
  inFlight: number
  errors: WindowSum
  byStatus: Map<number, WindowHistogram>
  waits: Map<Wait, WindowSum>
  blockedFor: WindowSum
  caused: WindowSum
  /** ms of its own blocks. */
  held: WindowSum
}

/** Routes are templates, but a program may make them up: no more than this, the rest under one name. */
const MAX_ROUTES = 400
const MAX_ROWS = 500

export class RouteTable {
  readonly #routes = new Map<string, RouteStats>()
  /** The same by method and template: two lookups cost less than a string put together. */
  readonly #byMethod = new Map<string, Map<string, RouteStats>>()

  get(method: string, template: string): RouteStats {
    const found = this.#byMethod.get(method)?.get(template)
    if (found) return found
    const name = `${method} ${template}`
    if (this.#routes.size >= MAX_ROUTES && name !== 'GET other') return this.get('GET', 'other')
    const route: RouteStats = {
      name,
      method,
      template,
      inFlight: 0,
      errors: new WindowSum(),
      byStatus: new Map(),
      waits: new Map(),
      blockedFor: new WindowSum(),
      caused: new WindowSum(),
      held: new WindowSum(),
    }
    this.#routes.set(name, route)
    let byTemplate = this.#byMethod.get(method)
    if (!byTemplate) this.#byMethod.set(method, (byTemplate = new Map()))
    byTemplate.set(template, route)
    return route
  }

  byName(name: string): RouteStats | undefined {
    return this.#routes.get(name)
  }

  /** `onLoop`: ms of the loop in the last minute, by route; `seconds`: how much of that minute there is. */
  rows(now: number, instance: string, onLoop: ReadonlyMap<string, OnLoop>, seconds: number): RouteRow[] {
    const rows: RouteRow[] = []
    for (const route of this.#routes.values()) {
      const latency = recentLatency(route, now)
      if (latency.count === 0 && route.inFlight === 0) continue
      const onLoopOfIt = withHeld(onLoop.get(route.name), route.held.recent(now))
      rows.push({
        instance,
        route: route.name,
        count: latency.count,
        inFlight: route.inFlight,
        rate: latency.count / seconds,
        latency: quantiles(latency),
        breakdown: breakdownOf(latency, onLoopOfIt, recentWaits(route, now)),
        errors: route.errors.recent(now),
        blockedFor: route.blockedFor.recent(now),
        caused: route.caused.recent(now),
      })
    }
    return rows.sort((a, b) => b.count - a.count).slice(0, MAX_ROWS)
  }

  /** `onLoop`: ms of the loop by route, since the start. */
  totals(onLoop: ReadonlyMap<string, number>): Pick<Totals, 'requests' | 'waits'> {
    const requests: Totals['requests'] = []
    const waits: Totals['waits'] = []
    for (const route of this.#routes.values()) {
      for (const [status, histogram] of route.byStatus) {
        requests.push({ method: route.method, route: route.template, status, duration: histogram.total().toData() })
      }
      const time = onLoop.get(route.name)
      if (time !== undefined) waits.push({ route: route.name, wait: 'onLoop', time })
      if (route.blockedFor.total > 0) waits.push({ route: route.name, wait: 'loopWait', time: route.blockedFor.total })
      for (const [wait, sum] of route.waits) {
        if (wait !== 'loopWait') waits.push({ route: route.name, wait, time: sum.total })
      }
    }
    return { requests, waits }
  }
}

export function answered(route: RouteStats, now: number, duration: number, status: number): void {
  route.inFlight--
  let byStatus = route.byStatus.get(status)
  if (!byStatus) route.byStatus.set(status, (byStatus = new WindowHistogram()))
  byStatus.record(now, duration)
}

/** What a request of it waited for, once it is answered. */
export function waited(route: RouteStats, now: number, waits: ReadonlyMap<Wait, number>): void {
  for (const [wait, time] of waits) {
    let sum = route.waits.get(wait)
    if (!sum) route.waits.set(wait, (sum = new WindowSum()))
    sum.add(now, time)
  }
}

/** Blocks are exact: the samples cannot have seen less. */
function withHeld(onLoop: OnLoop | undefined, held: number): OnLoop {
  return { likely: Math.max(onLoop?.likely ?? 0, held), surely: Math.max(onLoop?.surely ?? 0, held) }
}

/** Of all answers, whatever their status: recorded once, put together when somebody asks. */
function recentLatency(route: RouteStats, now: number): Histogram {
  const all = new Histogram()
  for (const histogram of route.byStatus.values()) all.merge(histogram.recent(now))
  return all
}

function recentWaits(route: RouteStats, now: number): Map<Wait, number> {
  const waits = new Map<Wait, number>()
  for (const [wait, sum] of route.waits) waits.set(wait, sum.recent(now))
  return waits
}
