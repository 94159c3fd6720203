/** The thread's heap, every few seconds of activity: V8 tells it to the thread itself only (about 5 us). */
import type * as V8 from 'node:v8'
import { CLOCK, type Channel } from '@loopscope/collector/protocol'

const EVERY_MS = 5000

export function startHeapReading({ clock }: Channel): { settle(now: number): void } {
  // Loading node:v8 takes 1 ms: not before the program's first line.
  let v8: typeof V8 | undefined
  let readAt = -Infinity
  return {
    settle(now) {
      if (now - readAt < EVERY_MS) return
      readAt = now
      const { used_heap_size: used, total_heap_size: total } = (v8 ??=
        process.getBuiltinModule('node:v8')).getHeapStatistics()
      clock[CLOCK.heapUsed] = used
      clock[CLOCK.heapTotal] = total
    },
  }
}
