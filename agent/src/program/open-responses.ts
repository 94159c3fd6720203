/**
 * The responses that are open, oldest first: a list through their activities, so that a request costs a few writes of fields
 * and nothing is kept beyond its end. A beat looks at those that were there at the beat before.
 */
import type { Activity } from './activity.ts'

/** What the beat reads of a response: an http.ServerResponse, or the stream of an http2 server. */
export interface OpenResponse {
  readonly headersSent: boolean
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  /** Of http alone: `headersSent` is true as soon as there is a head, this once it is on its way. */
  readonly _headerSent?: boolean
  readonly _header?: string | null
  /** Of http2 alone. */
  readonly sentHeaders?: Record<string, unknown>
  readonly statusCode?: number
  readonly socket?: { readonly bytesWritten: number } | null
  write(...args: unknown[]): boolean
}

export class OpenResponses {
  #oldest: Activity | undefined
  #newest: Activity | undefined
  /** The newest at the last beat. */
  #seen: Activity | undefined

  get isEmpty(): boolean {
    return this.#oldest === undefined
  }

  /** `sent`: bytes that its connection has sent before; -1: not known. */
  add(activity: Activity, response: object, sent: number): void {
    const newest = this.#newest
    activity.response = response
    activity.sent = sent
    if (newest === undefined) this.#oldest = activity
    else {
      newest.newer = activity
      activity.older = newest
    }
    this.#newest = activity
  }

  remove(activity: Activity): void {
    if (activity.response === undefined) return
    const { older, newer } = activity
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (this.#seen === activity) this.#seen = older
    activity.response = activity.older = activity.newer = undefined
  }

  /** Those that were open at the beat before this one; `look` may remove the one that it is given. */
  beat(look: (activity: Activity, response: OpenResponse) => void): void {
    const last = this.#seen
    this.#seen = this.#newest
    if (last === undefined) return
    for (let at = this.#oldest; at !== undefined;) {
      const { newer } = at
      look(at, at.response as OpenResponse)
      if (at === last) return
      at = newer
    }
  }
}
