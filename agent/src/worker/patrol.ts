/**
 * The worker's beat: looks at every observed thread each 2 ms while one is at work, each 20 ms while all are at rest. The
 * first event after a rest wakes it (the program's thread notifies the futex that `dozing` is).
 */
import { CONTROL } from '@loopscope/collector/protocol'
import type { Observed } from './observed.ts'

export function startPatrol(threads: ReadonlySet<Observed>, now: () => number): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const waiting = new WeakSet<Observed>()

  const round = (): void => {
    if (stopped) return
    const time = now()
    let nextMs = Infinity
    let resting = true
    for (const thread of threads) {
      const look = thread.look(time)
      nextMs = Math.min(nextMs, look.nextMs)
      resting &&= look.resting
    }
    if (resting) for (const thread of threads) doze(thread)
    timer = setTimeout(round, Math.min(nextMs, 100))
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
