/** Responses that stay open: each is a request that was answered with its head. */
import { OUTCOME } from '../protocol/events.ts'
import type { StreamRow, Totals } from '../protocol/rows.ts'
import type { ActivityModel, LiveActivity } from './activities.ts'
import { WindowHistogram, WindowSum } from './window.ts'

interface LiveStream {
  activity: LiveActivity
  /** What was told last: all of it so far, but for `buffered`, which is now. */
  bytes: number
  chunks: number
  buffered: number
  stalls: number
  stalledTime: number
  ignored: number
  heardAt: number
}

interface RouteStreams {
  opened: WindowSum
  ended: WindowSum
  aborted: WindowSum
  ttfb: WindowHistogram
  bytes: WindowSum
  chunks: WindowSum
  stalls: WindowSum
  stalledTime: WindowSum
  ignored: WindowSum
  site: string | null
}

type Sum = 'bytes' | 'chunks' | 'stalls' | 'stalledTime' | 'ignored'

/** After a loss all that live are told of again within this time. */
const RETOLD_MS = 5000

export class StreamModel {
  readonly #activities: ActivityModel
  readonly #live = new Map<number, LiveStream>()
  /** As many as there are routes, which are bounded. */
  readonly #routes = new Map<string, RouteStreams>()

  constructor(activities: ActivityModel) {
    this.#activities = activities
  }

  /** `head`: when the head was sent, -1 where it is not known. */
  begin(id: number, now: number, head: number, status: number): void {
    const activity = this.#activities.becomeStream(id, now, head, status)
    if (!activity) return
    const none = { bytes: 0, chunks: 0, buffered: 0, stalls: 0, stalledTime: 0, ignored: 0 }
    this.#live.set(id, { activity, ...none, heardAt: now })
    const route = this.#route(activity.name)
    route.opened.add(now, 1)
    if (head >= 0) route.ttfb.record(now, head - activity.begun)
  }

  sent(id: number, now: number, bytes: number, chunks: number): void {
    this.#add(id, now, 'bytes', bytes)
    this.#add(id, now, 'chunks', chunks)
  }

  buffered(id: number, now: number, bytes: number): void {
    const stream = this.#live.get(id)
    if (!stream) return
    stream.buffered = bytes
    stream.heardAt = now
  }

  stalls(id: number, now: number, count: number, time: number): void {
    this.#add(id, now, 'stalls', count)
    this.#add(id, now, 'stalledTime', time)
  }

  ignored(id: number, now: number, count: number, site: string | null): void {
    this.#add(id, now, 'ignored', count)
    const stream = this.#live.get(id)
    if (stream && site !== null) {
      this.#route(stream.activity.name).site = site
      stream.activity.site ??= site
    }
  }

  /** Before its activity ends; whether it is one. */
  ending(id: number, now: number, outcome: number): boolean {
    const stream = this.#live.get(id)
    if (!stream) return false
    this.#live.delete(id)
    const route = this.#route(stream.activity.name)
    route.ended.add(now, 1)
    if (outcome === OUTCOME.aborted) route.aborted.add(now, 1)
    return true
  }

  /** Events were lost: the end of one that is not told of again was among them. */
  forgetUnheard(lostAt: number, now: number): void {
    if (now - lostAt < RETOLD_MS) return
    for (const [id, { heardAt }] of this.#live) {
      if (heardAt >= lostAt) continue
      this.#live.delete(id)
      this.#activities.live.delete(id)
    }
  }

  rows(now: number, instance: string): StreamRow[] {
    const live = Map.groupBy(this.#live.values(), ({ activity }) => activity.name)
    // One whose route was named after it had opened counts there from then on.
    for (const name of live.keys()) this.#route(name)
    const rows: StreamRow[] = []
    for (const [name, route] of this.#routes) {
      const open = live.get(name) ?? []
      const opened = route.opened.recent(now)
      const ended = route.ended.recent(now)
      if (open.length === 0 && opened === 0 && ended === 0) continue
      const ttfb = route.ttfb.recent(now)
      rows.push({
        instance,
        route: name,
        active: open.length,
        oldest: open.reduce((oldest, { activity }) => Math.max(oldest, now - activity.begun), 0),
        opened,
        ended,
        aborted: route.aborted.recent(now),
        ttfb: ttfb.count > 0 ? { p50: ttfb.quantile(0.5), p99: ttfb.quantile(0.99), max: ttfb.max } : null,
        bytes: route.bytes.recent(now),
        chunks: route.chunks.recent(now),
        buffered: open.reduce((sum, { buffered }) => sum + buffered, 0),
        stalls: route.stalls.recent(now),
        stalledTime: route.stalledTime.recent(now),
        ignored: route.ignored.recent(now),
        site: route.site,
      })
    }
    return rows.sort((a, b) => b.active - a.active || b.stalledTime - a.stalledTime)
  }

  totals(): Pick<Totals, 'streams'> {
    if (this.#routes.size === 0) return {}
    return { streams: [...this.#routes].map(([route, { stalledTime }]) => ({ route, stalledTime: stalledTime.total })) }
  }

  /** What it said before is in the sums already. A stall that was none after all takes nothing back. */
  #add(id: number, now: number, what: Sum, value: number): void {
    const stream = this.#live.get(id)
    if (!stream) return
    stream.heardAt = now
    if (value <= stream[what]) return
    this.#route(stream.activity.name)[what].add(now, value - stream[what])
    stream[what] = value
  }

  #route(name: string): RouteStreams {
    let route = this.#routes.get(name)
    if (!route) this.#routes.set(name, (route = newRoute()))
    return route
  }
}

function newRoute(): RouteStreams {
  return {
    opened: new WindowSum(),
    ended: new WindowSum(),
    aborted: new WindowSum(),
    ttfb: new WindowHistogram(),
    bytes: new WindowSum(),
    chunks: new WindowSum(),
    stalls: new WindowSum(),
    stalledTime: new WindowSum(),
    ignored: new WindowSum(),
    site: null,
  }
}
