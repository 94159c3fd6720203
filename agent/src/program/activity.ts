/** Who is running: one small object for each unit of work. How the code that runs is told whose it is: context.ts. */
import { ACTIVITY_KINDS, EVENT, MAX_NAMES, OUTCOME, type ActivityKind } from '@loopscope/collector/protocol'
import { Context } from './context.ts'
import type { LayerRun, Layers } from './layers.ts'
import type { Recorder } from './recorder.ts'

export interface Activity {
  readonly id: number
  readonly kind: ActivityKind
  /** Name id: a request's method, a task's name. */
  readonly name: number
  /** Name id of the route's template, 0 while it is not known. */
  route: number
  ended: boolean
  /** Operations of hooked libraries that are under way for it: what may outlive its end. */
  holds: number
  /** Whether its work outlives it, as the worker was told. */
  outlives: boolean
  failed: boolean
  /** Timers that its own code has set, fired ones among them; see leftovers.ts. */
  timers: Leftover[] | undefined
  /** Of the tasks in a queue that it waits for, one whose line is known; see queues.ts. */
  queued: object | undefined
  /** Of a request that is measured layer by layer; few are. */
  layers: LayerRun | undefined
  /** While it is a request whose response is open; see open-responses.ts. */
  response: object | undefined
  older: Activity | undefined
  newer: Activity | undefined
  /** Bytes that its connection had sent before; -1: not known. */
  sent: number
  /** When its response's head was sent; 0: not yet, or not known. */
  head: number
  /** What it has become, once its response stays open. */
  stream: object | undefined
}

/** A timer, and the name id of where it was set. */
export interface Leftover {
  timer: {
    hasRef(): boolean
    readonly _destroyed: boolean
    /** By libuv's clock: when it was set, and after how many ms it is due. */
    readonly _idleStart: number
    readonly _idleTimeout: number
  }
  site: number
}

const KIND_CODE = Object.fromEntries(ACTIVITY_KINDS.map((kind, code) => [kind, code])) as Record<ActivityKind, number>
const NAMES = MAX_NAMES + 1

export class Activities {
  readonly #recorder: Recorder
  readonly #now: () => number
  readonly #context: Context<Activity>
  #nextId = 1
  #nextOperation = 1
  readonly #failures = new WeakMap<object, Activity>()
  /** What has to be asked whether it is still pending: at an activity's end (holds it, and names the site), and now and then. */
  leftovers: { ending(activity: Activity): number; sweep(): void; tellDue(): void } | undefined
  /** Measures the layers of some requests; undefined where that is switched off. */
  layers: Layers | undefined
  /** Names the site of an operation that is under way for an activity, 0 when there is none to name. */
  siteOf: ((activity: Activity) => number) | undefined

  constructor(recorder: Recorder, now: () => number, options: { context: boolean }) {
    this.#recorder = recorder
    this.#now = now
    this.#context = new Context(options.context)
  }

  /** Begins an activity without entering it. `name` is a name id. */
  begin(kind: ActivityKind, name: number, parent?: Activity): Activity {
    const time = this.#now()
    const activity: Activity = {
      id: this.#nextId++,
      kind,
      name,
      route: 0,
      ended: false,
      holds: 0,
      outlives: false,
      failed: false,
      timers: undefined,
      queued: undefined,
      layers: kind === 'request' && this.layers !== undefined ? this.layers.pick(time) : undefined,
      response: undefined,
      older: undefined,
      newer: undefined,
      sent: -1,
      head: 0,
      stream: undefined,
    }
    this.#recorder.record(EVENT.begin, activity.id, time, name, KIND_CODE[kind] + 16 * (parent?.id ?? 0))
    return activity
  }

  /** From here on, and in all that starts here, this activity is the current one. */
  enter(activity: Activity): void {
    this.#context.enter(activity)
  }

  /** What follows is its, where the context is not carried: a hook knows it by the call. */
  goOn(activity: Activity | undefined): void {
    this.#context.goOn(activity)
  }

  run<T>(activity: Activity, fn: () => T): T {
    return this.#context.callIn(activity, fn, undefined, []) as T
  }

  /** Calls `fn` with this activity, or with none, as the current one: for callbacks that come from a shared connection. */
  callIn(
    activity: Activity | undefined,
    fn: (...args: never[]) => unknown,
    self: unknown,
    args: ArrayLike<unknown>,
  ): unknown {
    return this.#context.callIn(activity, fn, self, args)
  }

  /** Whether the current activity is known in all that an activity has started. */
  get carried(): boolean {
    return this.#context.carried
  }

  /** From here on it is. */
  carry(): void {
    this.#context.carry()
  }

  /** Safe in an interrupt: reads a field of the async context, calls nothing of the program. */
  current(): Activity | undefined {
    return this.#context.current()
  }

  /** `route` is a name id. */
  setRoute(activity: Activity, route: number): void {
    if (activity.route === route) return
    activity.route = route
    this.#recorder.record(EVENT.route, activity.id, this.#now(), route, 0)
  }

  end(activity: Activity, outcome: keyof typeof OUTCOME, status = 0): void {
    if (activity.ended) return
    const site = activity.timers === undefined || this.leftovers === undefined ? 0 : this.leftovers.ending(activity)
    activity.ended = true
    if (activity.layers !== undefined) this.layers!.tell(activity, activity.layers)
    this.#recorder.record(EVENT.end, activity.id, this.#now(), OUTCOME[outcome], status)
    if (activity.holds > 0) this.#outlive(activity, site)
  }

  /** An operation of a hooked library begins on behalf of the activity. */
  hold(activity: Activity, site = 0): void {
    activity.holds++
    if (activity.ended && !activity.outlives) this.#outlive(activity, site)
  }

  /** The operation is over. */
  release(activity: Activity, failed = false): void {
    activity.holds--
    if (!activity.ended) return
    if (failed) activity.failed = true
    if (activity.holds > 0 || !activity.outlives) return
    // At once, since no turn may come for long; the model waits whether it goes on.
    activity.outlives = false
    const outcome = activity.failed ? OUTCOME.failed : OUTCOME.ok
    this.#recorder.record(EVENT.settle, activity.id, this.#now(), outcome, 0)
  }

  /** At each turn. */
  settle(): void {
    this.leftovers?.sweep()
  }

  /** What a task failed with; whoever called for it may handle that, or not. */
  failedWith(activity: Activity, reason: unknown): void {
    if (typeof reason !== 'object' || reason === null || this.#failures.has(reason)) return
    this.#failures.set(reason, activity)
  }

  /** A rejection that nobody handled: of the task that failed with it, else of the activity that runs. */
  unhandled(reason: unknown): void {
    const activity = this.#failures.get(reason as object) ?? this.current()
    if (activity) this.#recorder.record(EVENT.unhandled, activity.id, this.#now(), identity(activity), 0)
  }

  /** It waits on something of this name (a name id: kind \0 name); the number is for `resume`. */
  wait(activity: Activity, name: number): number {
    const operation = this.#nextOperation++
    this.#recorder.record(EVENT.wait, operation, this.#now(), activity.id, name)
    return operation
  }

  resume(operation: number): void {
    this.#recorder.record(EVENT.resume, operation, this.#now(), 0, 0)
  }

  #outlive(activity: Activity, known: number): void {
    activity.outlives = true
    const site = known === 0 && this.siteOf ? this.siteOf(activity) : known
    this.#recorder.record(EVENT.outlive, activity.id, this.#now(), identity(activity), site)
  }
}

/** See EVENT.outlive. */
function identity({ name, route, kind }: Activity): number {
  return name + NAMES * (route + NAMES * KIND_CODE[kind])
}
