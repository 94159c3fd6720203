/**
 * Garbage collections, while the worker wants to know (it asks after a block): the observer is exact but costs 1 to 4 % on
 * programs that allocate much, so it is not always on.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { CONTROL, EVENT, WISH, type Channel } from '@loopscope/collector/protocol'
import type { Recorder } from './recorder.ts'

interface GcEntry {
  startTime: number
  duration: number
  detail?: { kind?: number }
}

export function startGcWatch(channel: Channel, recorder: Recorder): { settle(): void } {
  let observer: PerformanceObserver | undefined
  // Entries count from the start of the process (timeOrigin), the agent from the machine's monotonic zero.
  const origin = process.hrtime()[0] * 1e3 + process.hrtime()[1] / 1e6 - performance.now()

  return {
    settle() {
      const wanted = (channel.control[CONTROL.wishes]! & WISH.gc) !== 0
      if (wanted === (observer !== undefined)) return
      if (!wanted) {
        observer!.disconnect()
        observer = undefined
        return
      }
      observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as unknown as GcEntry[]) {
          recorder.record(
            EVENT.gc,
            0,
            origin + entry.startTime + entry.duration,
            entry.duration,
            entry.detail?.kind ?? 0,
          )
        }
      })
      observer.observe({ entryTypes: ['gc'] })
    },
  }
}
