/**
 * The worker's beat: looks at each observed thread when a look is due, samples, and keeps house. While all are at rest it looks
 * rarely and does not sample; the first event after a rest wakes it, after a long one the first turn (the program's thread
 * notifies the futex that `dozing` is). So there is one timer for all, and an idle program costs one wake-up a second.
 */
import { CONTROL, DOZE } from '@loopscope/collector/protocol'
import type { Observed } from './observed.ts'
import type { Sampler } from './sampler.ts'
import type { Standstill } from './standstill.ts'

/** The ring must not fill up meanwhile: 32,768 events last for half a second at 60,000 a second. */
const LONGEST_MS = 125
const HOUSEKEEPING_MS = 1000

export interface PatrolOptions {
  threads: ReadonlySet<Observed>
  sampler: Sampler | undefined
  standstill: Standstill
  /** About once a second. */
  keepHouse: (now: number) => void
  now: () => number
}

export interface Patrol {
  /** All threads have been idle for a while. */
  readonly isResting: boolean
  stop(): void
}

export function startPatrol({ threads, sampler, standstill, keepHouse, now }: PatrolOptions): Patrol {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let wasResting = true
  let houseAt = 0
  const waiting = new WeakSet<Observed>()

  const round = (): void => {
    if (stopped) return
    const time = now()
    standstill.wake(time)
    if (time >= houseAt) {
      keepHouse(time)
      houseAt = time + HOUSEKEEPING_MS
    }
    let nextAt = houseAt
    let resting = true
    let asleep = true
    for (const thread of threads) {
      const look = thread.look(time)
      nextAt = Math.min(nextAt, look.nextAt)
      resting &&= look.resting
      asleep &&= look.asleep
    }
    if (!asleep) nextAt = Math.min(nextAt, time + LONGEST_MS)
    if (resting) for (const thread of threads) doze(thread, asleep ? DOZE.untilTurn : DOZE.untilEvent)
    else if (sampler) {
      if (wasResting) sampler.draw(time)
      else if (time >= sampler.nextAt) sampler.sample(time)
      nextAt = Math.min(nextAt, sampler.nextAt)
    }
    wasResting = resting
    standstill.sleep(now(), nextAt)
    timer = setTimeout(round, Math.max(1, nextAt - time))
  }

  const doze = (thread: Observed, until: number): void => {
    const { control } = thread.channel
    control[CONTROL.dozing] = until
    if (waiting.has(thread)) return
    const wait = Atomics.waitAsync(control, CONTROL.dozing, until)
    if (!wait.async) return
    waiting.add(thread)
    void wait.value.then(() => {
      waiting.delete(thread)
      clearTimeout(timer)
      round()
    })
  }

  round()
  return {
    get isResting() {
      return wasResting
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
