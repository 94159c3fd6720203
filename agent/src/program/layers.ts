/**
 * What a request passes through on its way: middleware, hooks, guards, handlers. To time each of them costs more than the
 * agent may, so one request in a while is measured (about 20 a second, at random distances), all others pass by one
 * look at a field. What was measured is told at the request's end, when its route is known.
 */
import { EVENT, LAYER, MAX_NAMES, PART, type LayerKind } from '@loopscope/collector/protocol'
import type { Activity } from './activity.ts'
import type { Recorder } from './recorder.ts'
import { siteName, takeSite } from './site.ts'
import { watch } from './watch.ts'

const MEAN_DISTANCE_MS = 50
/** Of one request; a loop of layers without end must not fill the ring. */
const MAX_CALLS = 64
const NAMES = MAX_NAMES + 1

/** One call of a layer. Times are ms; an inner one's are not in those of the layer around it. */
export interface LayerCall {
  /** Name id (kind \0 name), and that of a frame: where it was registered, or 0. */
  readonly name: number
  readonly site: number
  readonly around: LayerCall | undefined
  readonly begun: number
  /** Of the layers that it called in its synchronous part. */
  inner: number
  onLoop: number
  /** When its synchronous part ended; NaN while it runs. */
  left: number
  /** NaN until it has passed the request on, or is over. */
  wait: number
  /** What came below it went on for so long; only where a layer waits for what it passed on to. */
  below: number
  failed: boolean
}

/** The measurement of one request. */
export class LayerRun {
  readonly calls: LayerCall[] = []
  /** Where the route whose handlers run was registered: a name id, or 0. */
  place = 0
  readonly #now: () => number
  #current: LayerCall | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  enter(name: number, site = 0): LayerCall {
    const call = {
      name,
      site,
      around: this.#current,
      begun: this.#now(),
      inner: 0,
      onLoop: 0,
      left: NaN,
      wait: NaN,
      below: 0,
      failed: false,
    }
    if (this.calls.length < MAX_CALLS) this.calls.push(call)
    this.#current = call
    return call
  }

  /** Its synchronous part is over; `isOver`: and so is all of it. */
  leave(call: LayerCall, isOver: boolean): void {
    const now = this.#now()
    const whole = now - call.begun
    call.left = now
    call.onLoop = whole - call.inner
    this.#current = call.around
    if (call.around) call.around.inner += whole
    if (isOver && Number.isNaN(call.wait)) call.wait = 0
  }

  /** It has done its part: the request goes on to the next. */
  pass(call: LayerCall, failed = false): void {
    if (failed) call.failed = true
    if (!Number.isNaN(call.wait)) return
    call.wait = Number.isNaN(call.left) ? 0 : Math.max(0, this.#now() - call.left - call.below)
  }

  /** Calls what comes below, which this layer waits for. */
  watchBelow(call: LayerCall, next: () => unknown): unknown {
    const began = this.#now()
    const isInside = Number.isNaN(call.left)
    const over = (): void => {
      // What ran in the synchronous part of this layer is no wait of it.
      call.below += this.#now() - (isInside ? Math.max(began, call.left) : began)
    }
    return watch(next(), over, over)
  }
}

export class Layers {
  readonly #recorder: Recorder
  readonly #now: () => number
  readonly #distance: number
  readonly #names = new Map<string, number>()
  #next = 0

  /** `all`: every request, for tests. */
  constructor(recorder: Recorder, now: () => number, options: { all: boolean }) {
    this.#recorder = recorder
    this.#now = now
    this.#distance = options.all ? 0 : MEAN_DISTANCE_MS
  }

  /** Whether a request that begins at `time` is measured. */
  pick(time: number): LayerRun | undefined {
    if (time < this.#next) return undefined
    this.#next = time + 2 * Math.random() * this.#distance
    return new LayerRun(this.#now)
  }

  name(kind: LayerKind, name: string): number {
    const key = kind + PART + name
    let id = this.#names.get(key)
    if (id === undefined) this.#names.set(key, (id = this.#recorder.name(key)))
    return id
  }

  /** Where something is registered: the program's line that called `below`, as a name id. */
  site(below: (...args: never[]) => unknown): number {
    const name = siteName(takeSite(below))
    return name === '' ? 0 : this.#recorder.name(name)
  }

  /** At the end of the request: what is still open has waited until now. */
  tell(activity: Activity, run: LayerRun): void {
    const now = this.#now()
    this.#recorder.record(EVENT.layered, activity.id, now, run.calls.length, 0)
    for (const call of run.calls) {
      const wait = !Number.isNaN(call.wait) ? call.wait : Number.isNaN(call.left) ? 0 : now - call.left - call.below
      const flags = (wait > 0 ? LAYER.async : 0) + (call.failed ? LAYER.failed : 0)
      const a = call.name + NAMES * (call.site + NAMES * flags)
      this.#recorder.record(EVENT.layer, activity.id, now, a, LAYER.unit(call.onLoop) + LAYER.units * LAYER.unit(wait))
    }
  }
}
