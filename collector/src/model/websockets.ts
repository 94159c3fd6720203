/** Connections that stay open, by library and path: how many, what goes over them, how long messages take, who does not keep up. */
import { PART } from '../protocol/events.ts'
import type { Totals, WebsocketRow } from '../protocol/rows.ts'
import { quantiles } from './loop.ts'
import { WINDOW_MS, WindowHistogram, WindowSum } from './window.ts'

interface PathStats {
  library: string
  path: string
  begun: number
  opened: WindowSum
  closed: WindowSum
  /** 0: none is open. */
  oldestSince: number
  messagesIn: WindowSum
  bytesIn: WindowSum
  messagesOut: WindowSum
  bytesOut: WindowSum
  handler: WindowHistogram
  buffered: number
  slow: number
  slowSince: number
}

/** The third part of a name that is no event: what ran before the handlers. */
const MIDDLEWARE = '(middleware)'

export class WebsocketModel {
  /** By name: library \0 path. */
  readonly #paths = new Map<string, PathStats>()
  /** By the name of a message (library \0 path, library \0 path \0 event): as it is shown. */
  readonly #shown = new Map<string, string>()
  /** By a message's name as it is shown: whose it is, '' for nobody's. */
  readonly #pathOf = new Map<string, string>()

  /** Of an activity. */
  shown(name: string): string {
    const known = this.#shown.get(name)
    if (known !== undefined) return known
    const [library = '', path = '', event = ''] = name.split(PART)
    const shown = [library, path, event].join(' ').trim()
    this.#shown.set(name, shown)
    this.#pathOf.set(shown, event === MIDDLEWARE ? '' : library + PART + path)
    return shown
  }

  connections(name: string, now: number, opened: number, closed: number): void {
    const stats = this.#path(name, now)
    advance(stats.opened, now, opened)
    advance(stats.closed, now, closed)
  }

  since(name: string, now: number, oldest: number, slowest: number): void {
    const stats = this.#path(name, now)
    stats.oldestSince = oldest
    stats.slowSince = slowest
  }

  incoming(name: string, now: number, messages: number, bytes: number): void {
    const stats = this.#path(name, now)
    advance(stats.messagesIn, now, messages)
    advance(stats.bytesIn, now, bytes)
  }

  outgoing(name: string, now: number, messages: number, bytes: number): void {
    const stats = this.#path(name, now)
    advance(stats.messagesOut, now, messages)
    advance(stats.bytesOut, now, bytes)
  }

  buffered(name: string, now: number, bytes: number, slow: number): void {
    const stats = this.#path(name, now)
    stats.buffered = bytes
    stats.slow = slow
  }

  /** `message`: its name as it is shown. */
  handled(message: string, now: number, duration: number): void {
    const name = this.#pathOf.get(message)
    if (name) this.#path(name, now).handler.record(now, duration)
  }

  rows(now: number, instance: string): WebsocketRow[] {
    const rows: WebsocketRow[] = []
    for (const stats of this.#paths.values()) {
      const seconds = Math.max(1000, Math.min(WINDOW_MS, now - stats.begun)) / 1000
      const connections = stats.opened.total - stats.closed.total
      const [opened, closed] = [stats.opened.recent(now), stats.closed.recent(now)]
      const [messagesIn, messagesOut] = [stats.messagesIn.recent(now), stats.messagesOut.recent(now)]
      if (connections === 0 && opened + closed + messagesIn + messagesOut === 0) continue
      rows.push({
        instance,
        library: stats.library,
        path: stats.path,
        connections,
        oldest: stats.oldestSince === 0 ? 0 : Math.max(0, now - stats.oldestSince),
        opened,
        closed,
        messagesIn,
        messagesOut,
        bytesIn: stats.bytesIn.recent(now),
        bytesOut: stats.bytesOut.recent(now),
        rateIn: messagesIn / seconds,
        rateOut: messagesOut / seconds,
        handler: quantiles(stats.handler.recent(now)),
        buffered: stats.buffered,
        slow: stats.slow,
        slowest: stats.slowSince === 0 ? 0 : Math.max(0, now - stats.slowSince),
      })
    }
    return rows
  }

  totals(): Pick<Totals, 'websockets'> {
    const websockets = [...this.#paths.values()].map((stats) => ({
      library: stats.library,
      path: stats.path,
      messagesIn: stats.messagesIn.total,
      messagesOut: stats.messagesOut.total,
      bytesIn: stats.bytesIn.total,
      bytesOut: stats.bytesOut.total,
      handler: stats.handler.total().toData(),
    }))
    return websockets.length === 0 ? {} : { websockets }
  }

  #path(name: string, now: number): PathStats {
    const known = this.#paths.get(name)
    if (known) return known
    const [library = '', path = ''] = name.split(PART)
    const stats = {
      library,
      path,
      begun: now,
      opened: new WindowSum(),
      closed: new WindowSum(),
      oldestSince: 0,
      messagesIn: new WindowSum(),
      bytesIn: new WindowSum(),
      messagesOut: new WindowSum(),
      bytesOut: new WindowSum(),
      handler: new WindowHistogram(),
      buffered: 0,
      slow: 0,
      slowSince: 0,
    }
    this.#paths.set(name, stats)
    return stats
  }
}

/** What is told is a total; the sum keeps what of it is new. */
function advance(sum: WindowSum, now: number, total: number): void {
  if (total > sum.total) sum.add(now, total - sum.total)
}
