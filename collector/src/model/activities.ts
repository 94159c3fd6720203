/** Units of work: what lives, what it waits on, what goes on after the response. What they add up to: routes.ts, tasks.ts. */
import { ACTIVITY_KINDS, OUTCOME, PART, type ActivityKind } from '../protocol/events.ts'
import type { BackgroundRow, RouteRow, TaskRow, Totals, Wait } from '../protocol/rows.ts'
import { CriticalPath, type OnLoop } from './breakdown.ts'
import { Resumptions, UNKNOWN, type Happening } from './resumptions.ts'
import { answered, RouteTable, waited, type RouteStats } from './routes.ts'
import { TaskTable, type Oldest } from './tasks.ts'
import { WINDOW_MS } from './window.ts'

export interface LiveActivity {
  id: number
  kind: ActivityKind
  /** "GET /cart/:id", or a task's name. */
  name: string
  method: string
  route: RouteStats | undefined
  begun: number
  /** NaN while it lasts. */
  ended: number
  parent: number
  /** When its response was sent, while work goes on. */
  outlivesSince: number | undefined
  site: string | null
  /** When it seemed to be over, and how it ended. */
  settled: { at: number; outcome: number } | undefined
  /** What it waits on: the operation or lease that began last, linked to those before. */
  waits: Operation | undefined
  /** What it has waited on: of requests that have waited. */
  path: CriticalPath | undefined
}

/** What can be waited on: parsed once for each name. */
export interface Waitable {
  kind: string
  name: string
  wait: Wait | undefined
}

interface Operation {
  what: Waitable
  since: number
  activity: LiveActivity
  /** The one that it began before this and still waits on. */
  before: Operation | undefined
}

const MAX_ROWS = 500
const RECENT = 1024
/** Work that goes on this soon after it seemed to be over had only been waiting on something that no hook sees. */
const SETTLE_MS = 250
const WAIT_OF_KIND: Record<string, Wait> = {
  pool: 'poolWait',
  queue: 'poolWait',
  db: 'db',
  http: 'http',
  threadPool: 'threadPool',
  timer: 'timer',
  stream: 'stream',
}

export class ActivityModel {
  readonly live = new Map<number, LiveActivity>()
  /** What an activity has waited on is over, by this time; of later ones nobody is told. */
  onResume: ((happening: Happening) => void) | undefined
  tellUntil = -Infinity
  /** A message was handled; messages are in no count of background work. */
  onMessage: ((name: string, now: number, duration: number) => void) | undefined
  readonly #routes = new RouteTable()
  readonly #tasks = new TaskTable()
  readonly #waitables = new Map<string, Waitable>()
  readonly #operations = new Map<number, Operation>()
  readonly resumptions = new Resumptions()
  /** The first event: a rate is over the last minute, or over what there is of it. */
  #since = Infinity
  /** The last to end, by the low bits of their id: their code may still run, and be captured. */
  readonly #recent: (LiveActivity | undefined)[] = new Array<undefined>(RECENT).fill(undefined)

  begin(id: number, now: number, name: string, code: number): void {
    if (now < this.#since) this.#since = now
    const kind = ACTIVITY_KINDS[code % 16] ?? 'request'
    const isRequest = kind === 'request'
    const route = isRequest ? this.route(name, '*') : undefined
    const activity: LiveActivity = {
      id,
      kind,
      name: route ? route.name : name,
      method: isRequest ? name : '',
      route,
      begun: now,
      ended: NaN,
      parent: Math.floor(code / 16),
      outlivesSince: undefined,
      settled: undefined,
      site: null,
      waits: undefined,
      path: undefined,
    }
    this.live.set(id, activity)
    if (route) route.inFlight++
    else if (kind !== 'ws') this.#tasks.begun(name, now)
  }

  /** An activity that lives, or has ended a moment ago. */
  find(id: number): LiveActivity | undefined {
    if (id === 0) return undefined
    const live = this.live.get(id)
    if (live) return live
    const ended = this.#recent[id % RECENT]
    return ended?.id === id ? ended : undefined
  }

  /** Those that live, and the last that have ended. */
  *recent(): Generator<LiveActivity> {
    yield* this.live.values()
    for (const ended of this.#recent) if (ended) yield ended
  }

  setRoute(id: number, template: string): void {
    const activity = this.live.get(id)
    if (!activity?.route) return
    const route = this.route(activity.method, template)
    if (activity.kind === 'request') {
      activity.route.inFlight--
      route.inFlight++
    }
    activity.route = route
    activity.name = route.name
  }

  end(id: number, now: number, outcome: number, status: number): void {
    const activity = this.live.get(id)
    if (!activity) return
    activity.ended = now
    this.live.delete(id)
    this.#recent[id % RECENT] = activity
    const duration = now - activity.begun
    const { route } = activity
    if (activity.kind === 'stream') return
    if (route) {
      answered(route, now, duration, status)
      if (activity.path) waited(route, now, activity.path.within(activity.begun, now))
      activity.path = undefined
      if (status >= 500 || outcome === OUTCOME.aborted) route.errors.add(now, 1)
    } else if (activity.kind === 'ws') this.onMessage?.(activity.name, now, duration)
    else this.#tasks.ended(activity.name, now, duration, outcome)
  }

  /** Its route has answered with the head, at `head` if that is known; how long the response stays open is no latency. */
  becomeStream(id: number, now: number, head: number, status: number): LiveActivity | undefined {
    const activity = this.live.get(id)
    if (!activity?.route || activity.kind !== 'request') return undefined
    activity.kind = 'stream'
    if (head >= 0) {
      answered(activity.route, now, head - activity.begun, status)
      if (activity.path) waited(activity.route, now, activity.path.within(activity.begun, head))
    } else activity.route.inFlight--
    activity.path = undefined
    if (status >= 500) activity.route.errors.add(now, 1)
    return activity
  }

  /** The activity ended, its work did not: from here on it is background work named by its route. */
  outlive(id: number, now: number, ended: { kind: number; name: string; route: string }, site: string | null): void {
    const known = this.live.get(id)
    if (known?.settled && now - known.settled.at < SETTLE_MS) {
      known.settled = undefined
      return
    }
    if (known) this.#over(known)
    const name = afterEnd(ended)
    const before = this.find(id)
    const activity: LiveActivity = {
      id,
      kind: 'background',
      name,
      method: '',
      route: undefined,
      begun: now,
      ended: NaN,
      parent: 0,
      outlivesSince: now,
      settled: undefined,
      site,
      waits: before?.waits,
      path: undefined,
    }
    // What it waited on it waits on still.
    for (let wait = before?.waits; wait; wait = wait.before) wait.activity = activity
    this.live.set(id, activity)
    this.#tasks.begun(name, now)
  }

  /** A failure that nobody handled; what it belonged to may be over. */
  unhandled(now: number, ended: { kind: number; name: string; route: string }): void {
    const isRequest = ACTIVITY_KINDS[ended.kind] === 'request'
    this.#tasks.get(isRequest ? afterEnd(ended) : ended.name).unhandled.add(now, 1)
  }

  retry(id: number, now: number): void {
    const activity = this.live.get(id)
    if (activity && !activity.route) this.#tasks.get(activity.name).retried.add(now, 1)
  }

  settle(id: number, now: number, outcome: number): void {
    const activity = this.live.get(id)
    if (activity?.outlivesSince !== undefined) activity.settled = { at: now, outcome }
  }

  /** What seemed to be over and did not go on, is. */
  review(now: number): void {
    for (const activity of this.live.values()) {
      if (activity.settled && now - activity.settled.at >= SETTLE_MS) this.#over(activity)
    }
  }

  #over(activity: LiveActivity): void {
    this.live.delete(activity.id)
    const { at, outcome } = activity.settled ?? { at: activity.begun, outcome: OUTCOME.ok }
    this.#tasks.ended(activity.name, at, at - activity.outlivesSince!, outcome)
  }

  /** `what`: kind \0 name. */
  wait(operation: number, activityId: number, now: number, what: string): void {
    this.waitOn(operation, activityId, now, this.#waitable(what))
  }

  waitOn(operation: number, activityId: number, now: number, what: Waitable): void {
    const activity = this.live.get(activityId)
    if (!activity) return
    const begun: Operation = { what, since: now, activity, before: activity.waits }
    activity.waits = begun
    this.#operations.set(operation, begun)
  }

  /** `ready`: when what it waited on was there, if that is known. */
  resume(operation: number, now: number, ready = UNKNOWN): void {
    const begun = this.#operations.get(operation)
    if (!begun) return
    this.#operations.delete(operation)
    const { activity, what } = begun
    if (activity.waits === begun) activity.waits = begun.before
    else {
      for (let at = activity.waits; at; at = at.before) if (at.before === begun) at.before = begun.before
    }
    this.resumptions.add(activity.id, begun.since, now, ready)
    if (now <= this.tellUntil) this.onResume?.({ activity: activity.id, since: begun.since, at: now, ready })
    const { wait } = what
    if (!wait) return
    // A slot that had been given back, while the loop was held by others.
    const goes = ready > begun.since && ready < now ? ready : now
    this.#waited(activity, wait, begun.since, goes)
    this.#waited(activity, 'loopWait', goes, now)
  }

  /** Told at the activity's end, in no order. */
  hasWaited(id: number, what: string, from: number, to: number): void {
    const activity = this.live.get(id)
    const { wait } = this.#waitable(what)
    if (!activity?.route || activity.kind === 'stream' || !wait || !Number.isNaN(activity.ended)) return
    activity.path ??= new CriticalPath()
    activity.path.addLate(wait, from, to)
  }

  /** What an activity waited for was there, the loop was held by another. */
  held(id: number, from: number, to: number): void {
    const activity = this.live.get(id)
    if (activity) this.#waited(activity, 'loopWait', from, to)
  }

  #waited(activity: LiveActivity, wait: Wait, from: number, to: number): void {
    // What goes on after the response, or after the head of a stream, is no part of its latency.
    if (!activity.route || activity.kind === 'stream' || !Number.isNaN(activity.ended)) return
    activity.path ??= new CriticalPath()
    activity.path.add(wait, from, to)
  }

  #waitable(what: string): Waitable {
    let known = this.#waitables.get(what)
    if (!known) this.#waitables.set(what, (known = waitableOf(what)))
    return known
  }

  /** Events were lost: what began before may have ended unseen. */
  forgetBefore(time: number): void {
    for (const [id, activity] of this.live) {
      // Streams are told of again and again.
      if (activity.begun >= time || activity.kind === 'stream') continue
      this.live.delete(id)
      if (activity.route) activity.route.inFlight--
      else if (activity.kind !== 'ws') this.#tasks.get(activity.name).running--
    }
    for (const [id, { activity }] of this.#operations) if (!this.live.has(activity.id)) this.#operations.delete(id)
  }

  route(method: string, template: string): RouteStats {
    return this.#routes.get(method, template)
  }

  routeByName(name: string): RouteStats | undefined {
    return this.#routes.byName(name)
  }

  #seconds(now: number): number {
    return Math.max(1, Math.min(WINDOW_MS, now - this.#since)) / 1000
  }

  /** `onLoop`: ms of the loop in the last minute, by route. */
  routeRows(now: number, instance: string, onLoop: ReadonlyMap<string, OnLoop>): RouteRow[] {
    return this.#routes.rows(now, instance, onLoop, this.#seconds(now))
  }

  /** `running`: the activity that holds the loop now; while it does, what waits on nothing known is ready. */
  taskRows(now: number, epoch: number, instance: string, running: number | undefined, isBlocked: boolean): TaskRow[] {
    const rows: TaskRow[] = []
    for (const activity of this.live.values()) {
      const wait = activity.waits
      const parent = activity.parent === 0 ? undefined : this.live.get(activity.parent)
      rows.push({
        id: `${instance}:${activity.id}`,
        instance,
        kind: activity.kind,
        name: activity.name,
        state:
          activity.id === running ? 'running' : isBlocked && !wait && activity.kind !== 'stream' ? 'ready' : 'waiting',
        age: now - (activity.outlivesSince ?? activity.begun),
        waitingOn: wait ? { kind: wait.what.kind, name: wait.what.name, since: wait.since + epoch } : null,
        site: activity.site,
        parent: parent ? `${instance}:${parent.id}` : null,
      })
    }
    return rows.sort((a, b) => b.age - a.age).slice(0, MAX_ROWS)
  }

  backgroundRows(now: number, instance: string): BackgroundRow[] {
    const oldest = new Map<string, Oldest>()
    for (const activity of this.live.values()) {
      if (activity.kind === 'request' || activity.kind === 'ws' || activity.kind === 'stream') continue
      const since = activity.outlivesSince ?? activity.begun
      const known = oldest.get(activity.name)
      if (!known || since < known.since) oldest.set(activity.name, { since, site: activity.site })
    }
    return this.#tasks.rows(now, instance, oldest, this.#seconds(now))
  }

  /** `onLoop`: ms of the loop by route, since the start. */
  totals(onLoop: ReadonlyMap<string, number>): Pick<Totals, 'requests' | 'waits' | 'tasks'> {
    return { ...this.#routes.totals(onLoop), tasks: this.#tasks.totals() }
  }
}

/** `what`: kind \0 name. */
export function waitableOf(what: string): Waitable {
  const [kind = '', name = ''] = what.split(PART)
  return { kind, name, wait: WAIT_OF_KIND[kind] }
}

/** The route of an activity as rows show it; null while it is not known. */
export function routeOf(activity: LiveActivity | undefined): string | null {
  if (!activity) return null
  if (activity.route) return activity.route.template === '*' ? null : activity.route.name
  return activity.kind === 'request' || activity.kind === 'timer' ? null : activity.name
}

/** What goes on after an activity's end, in words. */
function afterEnd({ kind, name, route }: { kind: number; name: string; route: string }): string {
  return ACTIVITY_KINDS[kind] === 'request' ? `${name} ${route || '*'} (after response)` : `${name} (after its end)`
}
