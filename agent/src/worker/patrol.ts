/**
 * The worker's beat: looks at each observed thread when a look is due, and samples. While all are at rest it looks rarely and
 * does not sample; the first event after a rest wakes it (the program's thread notifies the futex that `dozing` is).
 */
import { CONTROL } from '@loopscope/collector/protocol'
import type { Observed } from './observed.ts'
import type { Sampler } from './sampler.ts'
import type { Standstill } from './standstill.ts'

/** The ring must not fill up meanwhile: 32,768 events last for half a second at 60,000 a second. */
const LONGEST_MS = 125

export interface PatrolOptions {
  threads: ReadonlySet<Observed>
  sampler: Sampler | undefined
  standstill: Standstill
  now: () => number
}

export function startPatrol({ threads, sampler, standstill, now }: PatrolOptions): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let wasResting = true
  const waiting = new WeakSet<Observed>()

  const round = (): void => {
    if (stopped) return
    const time = now()
    standstill.wake(time)
    let nextAt = time + LONGEST_MS
    let resting = true
    for (const thread of threads) {
      const look = thread.look(time)
      nextAt = Math.min(nextAt, look.nextAt)
      resting &&= look.resting
    }
    if (resting) for (const thread of threads) doze(thread)
    else if (sampler) {
      if (wasResting) sampler.draw(time)
      else if (time >= sampler.nextAt) sampler.sample(time)
      nextAt = Math.min(nextAt, sampler.nextAt)
    }
    wasResting = resting
    standstill.sleep(nextAt)
    timer = setTimeout(round, Math.max(1, nextAt - time))
  }

  const doze = (thread: Observed): void => {
    const { control } = thread.channel
    control[CONTROL.dozing] = 1
    if (waiting.has(thread)) return
    const wait = Atomics.waitAsync(control, CONTROL.dozing, 1)
    if (!wait.async) return
    waiting.add(thread)
    void wait.value.then(() => {
      waiting.delete(thread)
      clearTimeout(timer)
      round()
    })
  }

  round()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
