/**
 * What the program knows of its own loop, without the agent: each turn that was long, collections, and how long the thread
 * was ready without a processor. A block that nobody planted is real if a turn here says so.
 */
import { openSync, readSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import { fromPerformance, now } from './clock.js'

const LONG_MS = 4
const timing = performance.nodeTiming
export const turns = []
export const collections = []

let schedstat
try {
  schedstat = openSync('/proc/thread-self/schedstat', 'r')
} catch {
  // Not Linux: nobody can tell then.
}
const buffer = Buffer.alloc(96)

/** ms that this thread was ready to run and did not; 0 where the system does not say. */
export function runDelay() {
  if (schedstat === undefined) return 0
  const length = readSync(schedstat, buffer, 0, buffer.length, 0)
  return Number(buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6
}

export function watchTurns() {
  let from = now()
  let idle = timing.idleTime
  let delay = runDelay()
  function tick() {
    const to = now()
    if (to - from >= LONG_MS) {
      const idleNow = timing.idleTime
      const delayNow = runDelay()
      const busy = to - from - (idleNow - idle)
      if (busy >= LONG_MS) turns.push({ from, to, busy, runDelay: delayNow - delay })
    }
    idle = timing.idleTime
    delay = runDelay()
    from = to
    setImmediate(tick).unref()
  }
  setImmediate(tick).unref()
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      if (duration >= 1)
        collections.push({ from: fromPerformance(startTime), to: fromPerformance(startTime + duration) })
    }
  }).observe({ entryTypes: ['gc'] })
}
