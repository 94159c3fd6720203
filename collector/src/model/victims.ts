/**
 * Who had to wait for a block, and for how long. What an activity waited on became ready while the loop was held:
 *
 *   a timer        is told of at the end of the turn, with when it was due: exact
 *   a pool's slot  was given back by code of the program: exact
 *   a socket       went on after the block; ready somewhen while it lasted, so half of that is taken; in the turn of the
 *                  block itself it had been ready before
 *   not known      the activity waits on nothing that a hook sees: half
 *
 * One that sleeps until after the block, or waits on something that does not come right after it, is no victim.
 */
import type { ActivityModel, LiveActivity } from './activities.ts'
import { UNKNOWN, type Happening } from './resumptions.ts'

/** A stretch in which the loop was held, on the agent's clock. */
export interface Stretch {
  begin: number
  end: number
}

export interface Waiting {
  activity: number
  time: number
  isExact: boolean
}

/** What happens this soon after a block had been waiting for it. */
export const AFTERMATH_MS = 5
/** A callback that ran this late was not held up. */
const LEAST_MS = 1
/** A `since`: nothing is known of a request or a message before it arrives. */
const ALWAYS = -Infinity
/** A `ready`: it is not even known whether it waited at all. */
const UNSEEN = Infinity

export class VictimModel {
  readonly #activities: ActivityModel
  /** When the first timer of an activity is due, as told at the end of the turn that ends next. */
  #due = new Map<number, number>()

  constructor(activities: ActivityModel) {
    this.#activities = activities
  }

  due(activity: number, due: number): void {
    this.#due.set(activity, Math.min(due, this.#due.get(activity) ?? Infinity))
  }

  /** A turn without a block has ended. */
  forgetDue(): void {
    if (this.#due.size > 0) this.#due = new Map()
  }

  /**
   * Of a block whose turn has just ended, each activity once. `culprit`: its own activity. `readyShare`: what came over a
   * socket in the turn had been ready for this share of the time since the block's begin; 0: not at all.
   */
  ofTurn({ begin, end }: Stretch, culprit: number, readyShare: number): Waiting[] {
    const due = this.#due
    this.#due = new Map()
    const waiting = new Map<number, Waiting>()
    const add = (activity: number, time: number, isExact: boolean): void => {
      if (time < LEAST_MS || activity === culprit || waiting.has(activity)) return
      waiting.set(activity, { activity, time, isExact })
    }
    for (const [activity, at] of due) {
      if (at > end) continue
      add(activity, end - Math.max(begin, at), true)
      if (activity !== culprit) this.#activities.held(activity, Math.max(begin, at), end)
    }
    const gone = new Set<number>()
    for (const { activity, since, at, ready } of this.from(begin)) {
      // What it did afterwards was not the first time that it could go on.
      if (gone.has(activity)) continue
      gone.add(activity)
      if (Number.isFinite(ready)) add(activity, Math.min(at, end) - Math.max(begin, ready), true)
      // What has begun and ended within the turn waited for nothing outside of it.
      else if (since < begin)
        add(activity, (at - begin) * (ready === UNSEEN ? Math.min(readyShare, 0.5) : readyShare), false)
    }
    for (const activity of this.#unknown(begin)) if (!due.has(activity)) add(activity, (end - begin) / 2, false)
    return [...waiting.values()]
  }

  /** So far, of a block that lasts. */
  ofOpen({ begin, end }: Stretch, culprit: number): Waiting[] {
    const waiting = [...this.#unknown(begin)].filter((activity) => activity !== culprit)
    return waiting.map((activity) => ({ activity, time: (end - begin) / 2, isExact: false }))
  }

  /** What has gone on since then; of each activity the first time comes first. */
  *from(begin: number): Generator<Happening> {
    const ended: LiveActivity[] = []
    for (const activity of this.#activities.recent()) {
      const { id, kind, begun } = activity
      if (begun >= begin && (kind === 'request' || kind === 'ws')) yield arrival(id, begun)
      else if (kind !== 'stream' && activity.ended >= begin && activity.waits === undefined) ended.push(activity)
    }
    yield* this.#activities.resumptions.from(begin)
    for (const activity of ended) yield ending(activity, activity.ended)
  }

  /** In flight since before then, waiting on nothing known. */
  *#unknown(begin: number): Generator<number> {
    for (const activity of this.#activities.live.values()) {
      // Of a stream it is not known that it has anything to send.
      if (activity.kind !== 'stream' && activity.begun < begin && activity.waits === undefined) yield activity.id
    }
  }
}

/** For how long something that went on right after a block had waited for it. */
export function lateAfter({ begin, end }: Stretch, { activity, since, ready }: Happening): Waiting | undefined {
  const isExact = Number.isFinite(ready)
  const time = isExact ? end - Math.max(begin, ready) : (end - Math.max(begin, since)) / 2
  return time >= LEAST_MS ? { activity, time, isExact } : undefined
}

/** A request or a message arrives. */
export function arrival(activity: number, at: number): Happening {
  return { activity, since: ALWAYS, at, ready: UNKNOWN }
}

/** It ends, and waited on nothing known, or on nothing at all. */
export function ending({ id, begun }: LiveActivity, at: number): Happening {
  return { activity: id, since: begun, at, ready: UNSEEN }
}
