/**
 * Connections that stay open and what goes over them, by library and path. On the way of a message only counters change;
 * what they say is told a moment later, in totals, so that a lost event loses nothing. How much waits to be sent is read once
 * a second, and only of connections that have sent something since they had nothing left.
 *
 * Both by timers of its own: a program that has gone idle after its last message has no turn in which this could be told.
 * They hold nothing, and run only after something has happened or while something waits.
 */
import { CONTROL, EVENT, PART } from '@loopscope/collector/protocol'
import type { Recorder } from './recorder.ts'

/** What a path is called by clients is theirs to choose: beyond this many, a library's share one row. */
export const MAX_PATHS = 100
export const OTHER_PATHS = 'other paths'

/** A consumer is slow that has more than this waiting for it, and at the next look not less. */
export const SLOW_BYTES = 1 << 20
const TELL_AFTER_MS = 100
const LOOK_EVERY_MS = 1000
/** Connections in one look, 0.1 us each: the others' turn comes 100 ms later. */
const LOOKS_AT_ONCE = 5000

export interface SocketPath {
  readonly library: string
  /** Name id: library and path. */
  readonly name: number
  /** Bytes that wait to be sent over a connection. */
  readonly bufferedOf: (socket: never) => number
  /** Name ids of its messages, by event, where the library has such. */
  readonly messages: Map<unknown, number>
  readonly open: Set<Connection>
  readonly slow: Set<Connection>
  opened: number
  closed: number
  messagesIn: number
  bytesIn: number
  messagesOut: number
  bytesOut: number
  buffered: number
  hasChanged: boolean
  readonly told: Map<number, { a: number; b: number }>
}

export interface Connection {
  readonly path: SocketPath
  readonly socket: object
  readonly since: number
  isOpen: boolean
  /** It has sent something since nothing waited. */
  isWatched: boolean
  buffered: number
  /** Since when it has been over the limit without having become less, 0: it is not. */
  overSince: number
}

export interface SocketsOptions {
  now: () => number
  tellAfterMs?: number
  lookEveryMs?: number
  slowBytes?: number
}

export class Sockets {
  readonly #recorder: Recorder
  readonly #now: () => number
  readonly #slowBytes: number
  readonly #paths = new Map<string, SocketPath>()
  readonly #counts = new Map<string, number>()
  #changed: SocketPath[] = []
  #watched: Connection[] = []
  #toLook: Connection[] = []
  readonly #startTimers: () => { tell: NodeJS.Timeout; look: NodeJS.Timeout }
  #timers: { tell: NodeJS.Timeout; look: NodeJS.Timeout } | undefined
  #willTell = false
  #willLook = false

  constructor(recorder: Recorder, options: SocketsOptions) {
    const { now, tellAfterMs = TELL_AFTER_MS, lookEveryMs = LOOK_EVERY_MS, slowBytes = SLOW_BYTES } = options
    this.#recorder = recorder
    this.#now = now
    this.#slowBytes = slowBytes
    // Those of the platform: neither seen by the hook of timers nor moved by a clock that a test has put in their place.
    const later = setTimeout
    this.#startTimers = () => ({
      tell: later(() => this.#tellAll(), tellAfterMs).unref(),
      look: later(() => this.#lookAgain(), lookEveryMs).unref(),
    })
  }

  /** Where a hook starts, so that the timers belong to nobody's request. They are set anew from then on. */
  start(): void {
    this.#timers ??= this.#startTimers()
  }

  path(library: string, text: string, bufferedOf: (socket: never) => number): SocketPath {
    const key = library + PART + text
    const known = this.#paths.get(key)
    if (known) return known
    const count = this.#counts.get(library) ?? 0
    if (count >= MAX_PATHS && text !== OTHER_PATHS) return this.path(library, OTHER_PATHS, bufferedOf)
    this.#counts.set(library, count + 1)
    const path: SocketPath = {
      library,
      name: this.#recorder.name(key),
      bufferedOf,
      messages: new Map(),
      open: new Set(),
      slow: new Set(),
      opened: 0,
      closed: 0,
      messagesIn: 0,
      bytesIn: 0,
      messagesOut: 0,
      bytesOut: 0,
      buffered: 0,
      hasChanged: false,
      told: new Map(),
    }
    this.#paths.set(key, path)
    return path
  }

  open(path: SocketPath, socket: object): Connection {
    const since = this.#now()
    const connection = { path, socket, since, isOpen: true, isWatched: false, buffered: 0, overSince: 0 }
    path.open.add(connection)
    path.opened++
    this.#change(path)
    return connection
  }

  close(connection: Connection): void {
    if (!connection.isOpen) return
    connection.isOpen = false
    const { path } = connection
    path.open.delete(connection)
    path.slow.delete(connection)
    path.buffered -= connection.buffered
    connection.buffered = 0
    path.closed++
    this.#change(path)
  }

  received({ path }: Connection, bytes: number): void {
    path.messagesIn++
    path.bytesIn += bytes
    this.#change(path)
  }

  /** `messages`: 0 for a fragment that is not the last. */
  sent({ path }: Connection, bytes: number, messages: number): void {
    path.messagesOut += messages
    path.bytesOut += bytes
    this.#change(path)
  }

  /** Something may be waiting to be sent over it. */
  watch(connection: Connection): void {
    if (connection.isWatched || !connection.isOpen) return
    connection.isWatched = true
    this.#watched.push(connection)
    this.#soonLook()
  }

  #change(path: SocketPath): void {
    if (path.hasChanged) return
    path.hasChanged = true
    this.#changed.push(path)
    this.#soonTell()
  }

  #soonTell(): void {
    if (this.#willTell) return
    this.#willTell = true
    this.#timers?.tell.refresh()
  }

  #soonLook(): void {
    if (this.#willLook) return
    this.#willLook = true
    this.#timers?.look.refresh()
  }

  #tellAll(): void {
    this.#willTell = false
    if (this.#toLook.length > 0) this.#look()
    const changed = this.#changed
    this.#changed = []
    for (const path of changed) {
      path.hasChanged = false
      const dropped = this.#dropped
      this.#tell(path)
      if (this.#dropped === dropped) continue
      path.told.clear()
      this.#change(path)
    }
  }

  get #dropped(): number {
    return this.#recorder.channel.control[CONTROL.dropped]!
  }

  /** Each pair of numbers where one has changed. */
  #tell(path: SocketPath): void {
    const [oldest] = path.open
    const [slowest] = path.slow
    this.#record(path, EVENT.sockets, path.opened, path.closed)
    this.#record(path, EVENT.socketsSince, oldest?.since ?? 0, slowest?.overSince ?? 0)
    this.#record(path, EVENT.socketsIn, path.messagesIn, path.bytesIn)
    this.#record(path, EVENT.socketsOut, path.messagesOut, path.bytesOut)
    this.#record(path, EVENT.socketsBuffered, path.buffered, path.slow.size)
  }

  #record(path: SocketPath, kind: number, a: number, b: number): void {
    const told = path.told.get(kind)
    if (told === undefined) path.told.set(kind, { a, b })
    else if (told.a === a && told.b === b) return
    else {
      told.a = a
      told.b = b
    }
    this.#recorder.record(kind, path.name, this.#now(), a, b)
  }

  #lookAgain(): void {
    this.#willLook = false
    // A round that is not over goes on first: those at its end must have their turn.
    if (this.#toLook.length === 0) {
      this.#toLook = this.#watched
      this.#watched = []
    }
    this.#look()
  }

  #look(): void {
    const list = this.#toLook
    const time = this.#now()
    for (let left = LOOKS_AT_ONCE; left > 0 && list.length > 0; left--) this.#lookAt(list.pop()!, time)
    if (list.length > 0) this.#soonTell()
    else if (this.#watched.length > 0) this.#soonLook()
  }

  #lookAt(connection: Connection, time: number): void {
    connection.isWatched = false
    if (!connection.isOpen) return
    const { path, buffered: before } = connection
    const buffered = bufferedOf(connection)
    if (buffered !== before) {
      connection.buffered = buffered
      path.buffered += buffered - before
      this.#change(path)
    }
    const isOver = buffered > this.#slowBytes
    const wasOver = connection.overSince !== 0
    if (isOver && buffered >= before) {
      if (!wasOver) connection.overSince = time
      else if (!path.slow.has(connection)) {
        path.slow.add(connection)
        this.#change(path)
      }
    } else if (wasOver) {
      connection.overSince = isOver ? time : 0
      if (path.slow.delete(connection)) this.#change(path)
    }
    if (buffered === 0) return
    connection.isWatched = true
    this.#watched.push(connection)
  }
}

/** By the library's own word; one that throws has nothing to say. */
function bufferedOf({ path, socket }: Connection): number {
  try {
    return path.bufferedOf(socket as never) || 0
  } catch {
    return 0
  }
}
