/**
 * A response that stays open. Its own `write` is replaced by one that counts, until it is closed: what comes before costs
 * nothing. Bytes are those that Node has sent, so that those before are in them, and what goes past `write` as well.
 *
 * A stall begins with a `write` that returns false, and is over at the first write after 'drain', or at the beat that finds
 * that it is: a listener of ours would be seen by the program. Who writes on meanwhile does not wait: that is no stall.
 */
import type { Activity } from './activity.ts'
import type { OpenResponse } from './open-responses.ts'
import { siteName, takeSite, type Site } from './site.ts'
import { disguise, type Method } from '../hooks/support/patch.ts'

type Below = (...args: never[]) => unknown

export class Stream {
  readonly activity: Activity
  readonly response: OpenResponse
  chunks = 0
  stalls = 0
  /** Of stalls that are over. */
  stalledFor = 0
  /** 0: it does not stall. */
  stalledSince = 0
  /** Writes in spite of a `write` that returned false. */
  ignored = 0
  /** The name id of the first of them, 0 until it is told. */
  site = 0
  /** All of it is to be told, changed or not. */
  isUntold = true
  /** What was told last. */
  told = { bytes: 0, chunks: 0, buffered: 0, stalls: 0, stalledTime: 0, ignored: 0 }
  /** The wait that was told, 0 if none. */
  operation = 0
  #site: Site | undefined
  #isClosed = false
  readonly #isHttp2: boolean
  #bytes = 0
  /** Of http: what its connection has sent before it. Of http2: 0. */
  #sentBefore = 0
  /** Of http2: what was sent when it became a stream, and what was written since. */
  #written = 0
  readonly #source: { readonly bytesWritten?: number; readonly _bytesDispatched?: number } | undefined
  readonly #now: () => number
  readonly #restore: () => void

  constructor(activity: Activity, response: OpenResponse, now: () => number) {
    this.activity = activity
    this.response = response
    this.#now = now
    this.#isHttp2 = response.sentHeaders !== undefined
    this.#source = this.#isHttp2 ? handleOf(response) : (response.socket ?? undefined)
    // What a connection of unknown past has sent until now is left out.
    if (!this.#isHttp2) this.#sentBefore = activity.sent >= 0 ? activity.sent : this.#sent()
    this.#written = this.bytes
    this.#restore = this.#count(response)
    this.look()
  }

  get bytes(): number {
    if (this.#isClosed) return this.#bytes
    // The count of native code is gone with the stream of http2, before its end is known here.
    const bytes = this.#isHttp2 ? Math.max(this.#sent(), this.#written) : this.#sent() - this.#sentBefore
    return (this.#bytes = Math.max(this.#bytes, bytes))
  }

  #sent(): number {
    return this.#source?._bytesDispatched ?? this.#source?.bytesWritten ?? 0
  }

  get buffered(): number {
    return this.#isClosed ? 0 : this.response.writableLength
  }

  stalledTime(now: number): number {
    return this.stalledFor + (this.stalledSince === 0 ? 0 : now - this.stalledSince)
  }

  /** At a beat: what was written past `write`, and what has drained since. */
  look(): void {
    if (this.response.writableNeedDrain) {
      if (this.stalledSince === 0 && this.ignored === 0) this.stalledSince = this.#now()
    } else this.#drained()
  }

  /** The frame that wrote on, once; '' if there is none. */
  takeSiteName(): string {
    const site = this.#site
    this.#site = undefined
    return site ? siteName(site) : ''
  }

  close(): void {
    this.#drained()
    void this.bytes
    this.#isClosed = true
    this.#restore()
  }

  #wrote(wasFull: boolean, below: Below): void {
    this.chunks++
    if (wasFull) {
      this.stalledSince = 0
      if (this.ignored++ === 0) this.#site = takeSite(below)
      return
    }
    this.#drained()
    if (this.response.writableNeedDrain) this.stalledSince = this.#now()
  }

  #drained(): void {
    if (this.stalledSince === 0) return
    this.stalls++
    this.stalledFor += this.#now() - this.stalledSince
    this.stalledSince = 0
  }

  /** Of whoever has put one of its own there before, or a library's, that one is called. */
  #count(response: OpenResponse): () => void {
    const own = Object.getOwnPropertyDescriptor(response, 'write')
    if (own && (!own.configurable || !('value' in own))) return () => {}
    const { write } = response as unknown as { write: Method }
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const stream = this
    function counted(this: OpenResponse): unknown {
      const wasFull = !stream.#isClosed && response.writableNeedDrain
      const result: unknown = Reflect.apply(write, this, arguments) // eslint-disable-line prefer-rest-params
      if (!stream.#isClosed) stream.#wrote(wasFull, value as Below)
      if (stream.#isHttp2) stream.#written += lengthOf(arguments[0], arguments[1]) // eslint-disable-line prefer-rest-params
      return result
    }
    const value = disguise(counted, write)
    Object.defineProperty(response, 'write', { value, configurable: true, writable: true, enumerable: false })
    return () => {
      if (Object.getOwnPropertyDescriptor(response, 'write')?.value !== value) return
      if (own) Object.defineProperty(response, 'write', own)
      else delete (response as { write?: unknown }).write
    }
  }
}

/** Of http2: native code counts the bytes of each stream apart. */
function handleOf(response: OpenResponse): { readonly bytesWritten?: number } | undefined {
  const symbol = Object.getOwnPropertySymbols(response).find(({ description }) => description === 'kHandle')
  return symbol && (response as never as Record<symbol, { readonly bytesWritten?: number } | undefined>)[symbol]
}

function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk !== 'string') return (chunk as Uint8Array | null)?.byteLength ?? 0
  return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}
