/**
 * `/api/v1/stream`: hello, one full snapshot, then deltas. One timer makes one delta for all readers, and runs only while
 * there are readers. Nobody waits for a reader: one that is too slow is left out, told so and given a new snapshot once it
 * has caught up, and dropped if it never does.
 */
import type { WebSocket } from 'ws'
import type { Collector } from '../model/collector.ts'
import { STREAM_VERSION } from '../protocol/index.ts'
import { TableHistory } from './delta.ts'
import type { Limits } from './limits.ts'
import type { Log } from './log.ts'
import { closeSoon } from './websocket.ts'

interface Reader {
  socket: WebSocket
  /** Messages left out since the reader fell behind; null while it keeps up. */
  skipped: number | null
}

export interface StreamOptions {
  collector: Collector
  now: () => number
  version: string
  limits: Limits
  log: Log
}

export class Stream {
  readonly #options: StreamOptions
  readonly #readers = new Set<Reader>()
  #history = new TableHistory()
  #timer: NodeJS.Timeout | null = null

  constructor(options: StreamOptions) {
    this.#options = options
  }

  get readers(): number {
    return this.#readers.size
  }

  get full(): boolean {
    return this.#readers.size >= this.#options.limits.maxReaders
  }

  add(socket: WebSocket): void {
    const { now, version, limits } = this.#options
    if (this.#timer === null) this.#start()
    const reader: Reader = { socket, skipped: null }
    this.#readers.add(reader)
    socket.on('close', () => this.#remove(reader))
    // Too large or malformed messages end in 'close' as well; what a reader says is not listened to.
    socket.on('error', () => {})
    const hello = { type: 'hello', version: STREAM_VERSION, agent: version, now: now(), intervalMs: limits.intervalMs }
    socket.send(JSON.stringify(hello))
    socket.send(this.#snapshot())
  }

  close(reason: string): void {
    this.#stop()
    for (const { socket } of this.#readers) {
      socket.send(JSON.stringify({ type: 'bye', now: this.#options.now(), reason }))
      socket.close(1001, reason)
    }
  }

  #start(): void {
    this.#history = new TableHistory()
    this.#history.advance(this.#options.collector.tables(this.#options.now()))
    this.#timer = setInterval(() => this.#tick(), this.#options.limits.intervalMs).unref()
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader)
    if (this.#readers.size === 0) this.#stop()
  }

  #tick(): void {
    const { collector, now, log } = this.#options
    try {
      const at = now()
      const delta = `{"type":"delta","now":${at},"tables":${this.#history.advance(collector.tables(at))}}`
      for (const reader of this.#readers) this.#send(reader, delta)
    } catch (error) {
      log('error', 'stream', `the stream could not look at the tables: ${String(error)}`)
    }
  }

  #send(reader: Reader, delta: string): void {
    const { limits, log, now } = this.#options
    const { socket } = reader
    if (socket.readyState !== socket.OPEN) return
    if (reader.skipped === null && socket.bufferedAmount <= limits.maxBufferedBytes) {
      socket.send(delta)
    } else if (reader.skipped !== null && socket.bufferedAmount === 0) {
      socket.send(JSON.stringify({ type: 'skipped', now: now(), messages: reader.skipped }))
      socket.send(this.#snapshot())
      reader.skipped = null
    } else {
      reader.skipped = (reader.skipped ?? 0) + 1
      // Counted in messages: a clock that jumps (a suspend) drops nobody.
      if (reader.skipped * limits.intervalMs < limits.dropAfterMs) return
      log(
        'info',
        'reader-dropped',
        `a reader of the stream did not keep up for ${limits.dropAfterMs} ms and was dropped`,
      )
      this.#remove(reader)
      closeSoon(socket, 1013, 'too slow')
    }
  }

  #snapshot(): string {
    return `{"type":"snapshot","now":${this.#options.now()},"tables":${this.#history.whole()}}`
  }
}
