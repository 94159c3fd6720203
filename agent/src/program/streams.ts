/**
 * Responses that stay open (server-sent events, long downloads). A request becomes a stream a second after its head was
 * seen to be sent, at once where that says `text/event-stream`. What is open is looked at in a beat of BEAT_MS, so that a
 * request that is over sooner costs a place in a list.
 *
 * When a head was sent is known to the beat only; `onFirst` has the hooks note it exactly from the first stream on, so that
 * a program without streams does not pay for that.
 */
import timers from 'node:timers'
import { CONTROL, EVENT, PART } from '@loopscope/collector/protocol'
import type { Activities, Activity } from './activity.ts'
import { OpenResponses, type OpenResponse } from './open-responses.ts'
import type { Recorder } from './recorder.ts'
import { Stream } from './stream.ts'

const BEAT_MS = 100
/** After its head, of what does not say that it is a stream. */
const STREAM_AFTER_MS = 1000
/** Each stream's numbers are told once in so many beats. */
const TELL_BEATS = 5
/** While nothing else turns an idle loop; keeps nothing alive, and is set only while a response is open. */
const WATCH_MS = 500
const EVENT_STREAM = /\r\ncontent-type: *text\/event-stream\b/i

export class Streams {
  readonly #recorder: Recorder
  readonly #activities: Activities
  readonly #now: () => number
  readonly #open = new OpenResponses()
  readonly #streams = new Set<Stream>()
  // As it is before the program, or a hook, puts another in its place.
  readonly #setTimeout = timers.setTimeout
  readonly #onFirst: (() => void)[] = []
  /** By their activity, when their head was seen by the beat. */
  readonly #heads = new WeakMap<Activity, number>()
  #hasFirst = false
  #isWatching = false
  #beatAt = 0
  #beats = 0
  #dropped = 0
  #drain = 0

  constructor(recorder: Recorder, activities: Activities, now: () => number) {
    this.#recorder = recorder
    this.#activities = activities
    this.#now = now
  }

  /** Called once, when the program turns out to have streams. */
  onFirst(start: () => void): void {
    if (this.#hasFirst) start()
    else this.#onFirst.push(start)
  }

  /** `sent`: bytes that its connection has sent before; -1: not known. */
  add(activity: Activity, response: object, sent: number): void {
    this.#open.add(activity, response, sent)
  }

  /** Its head is on its way; only of some it is known. */
  headed(activity: Activity): void {
    if (activity.head === 0) activity.head = this.#now()
  }

  /** Right before the activity ends. */
  close(activity: Activity): void {
    if (activity.response !== undefined) this.#open.remove(activity)
    else if (activity.stream !== undefined) this.#close(activity.stream as Stream)
  }

  /** At a turn, now and then. */
  sweep(now: number): void {
    if (now - this.#beatAt < BEAT_MS || (this.#open.isEmpty && this.#streams.size === 0)) return
    this.#beatAt = now
    this.#watch()
    this.#open.beat((activity, response) => {
      try {
        this.#look(activity, response, now)
      } catch {
        this.#open.remove(activity) // not what it looks like
      }
    })
    if (this.#streams.size > 0) this.#tellAll(now)
  }

  #look(activity: Activity, response: OpenResponse, now: number): void {
    if (!(response._headerSent ?? response.headersSent)) {
      activity.head = 0 // what was noted is not sent yet
      return
    }
    const seen = this.#heads.get(activity)
    if (seen === undefined) {
      this.#heads.set(activity, now)
      if (!isEventStream(response)) return
    } else if (now - seen < STREAM_AFTER_MS) return
    this.#begin(activity, response, now)
  }

  #begin(activity: Activity, response: OpenResponse, now: number): void {
    this.#open.remove(activity)
    const stream = new Stream(activity, response, this.#now)
    activity.stream = stream
    this.#streams.add(stream)
    this.#tellBegin(stream, now)
    if (this.#hasFirst) return
    this.#hasFirst = true
    for (const start of this.#onFirst) start()
  }

  #tellBegin({ activity, response }: Stream, now: number): void {
    this.#recorder.record(EVENT.stream, activity.id, now, activity.head === 0 ? -1 : activity.head, statusOf(response))
  }

  #close(stream: Stream): void {
    stream.activity.stream = undefined
    this.#streams.delete(stream)
    stream.close()
    this.#tell(stream, this.#now())
    if (stream.operation !== 0) this.#activities.resume(stream.operation)
  }

  /** A part of them in each beat: there may be many. */
  #tellAll(now: number): void {
    const part = ++this.#beats % TELL_BEATS
    const dropped = this.#recorder.channel.control[CONTROL.dropped]!
    // The reader may have missed what was said before.
    const again = dropped !== this.#dropped
    this.#dropped = dropped
    for (const stream of this.#streams) {
      if (again) stream.isUntold = true
      if (stream.activity.id % TELL_BEATS !== part) continue
      if (!this.#recorder.hasRoom) continue
      stream.look()
      this.#tell(stream, now)
      this.#tellWait(stream)
    }
  }

  #tell(stream: Stream, now: number): void {
    const { told, chunks, ignored } = stream
    const { id } = stream.activity
    const { bytes, buffered } = stream
    const stalledTime = stream.stalledTime(now)
    const stalls = stream.stalls + (stream.stalledSince === 0 ? 0 : 1)
    const record = (kind: number, a: number, b: number): void => this.#recorder.record(kind, id, now, a, b)
    if (stream.isUntold || bytes !== told.bytes || chunks !== told.chunks) record(EVENT.streamSent, bytes, chunks)
    if (stream.isUntold || buffered !== told.buffered) record(EVENT.streamBuffered, buffered, 0)
    if (stalls !== told.stalls || stalledTime !== told.stalledTime) record(EVENT.streamStalls, stalls, stalledTime)
    if (ignored !== told.ignored) record(EVENT.streamIgnored, ignored, this.#site(stream))
    stream.isUntold = false
    stream.told = { bytes, chunks, buffered, stalls, stalledTime, ignored }
  }

  #site(stream: Stream): number {
    const name = stream.takeSiteName()
    if (name !== '') stream.site = this.#recorder.name(name)
    return stream.site
  }

  /** Only of what lasts: a fast writer waits a thousand times in a second. */
  #tellWait(stream: Stream): void {
    if (stream.stalledSince !== 0) {
      this.#drain ||= this.#recorder.name('stream' + PART + 'drain')
      if (stream.operation === 0) stream.operation = this.#activities.wait(stream.activity, this.#drain)
    } else if (stream.operation !== 0) {
      this.#activities.resume(stream.operation)
      stream.operation = 0
    }
  }

  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    const watched = (): void => {
      this.#isWatching = false
      // Whatever was looked at a moment ago: it has to be set again.
      this.#beatAt = -Infinity
      this.sweep(this.#now())
    }
    const timer = this.#activities.callIn(undefined, this.#setTimeout as never, undefined, [watched, WATCH_MS] as never)
    ;(timer as NodeJS.Timeout).unref()
  }
}

function isEventStream(response: OpenResponse): boolean {
  if (typeof response._header === 'string') return EVENT_STREAM.test(response._header)
  return String(response.sentHeaders?.['content-type'] ?? '').startsWith('text/event-stream')
}

function statusOf(response: OpenResponse): number {
  return response.statusCode ?? Number(response.sentHeaders?.[':status'] ?? 0)
}
