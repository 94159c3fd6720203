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

/** ms that this thread was on a processor, and ms that it was ready and was not; NaN and 0 where the system does not say. */
function schedule() {
  if (schedstat === undefined) return { cpu: NaN, runDelay: 0 }
  const length = readSync(schedstat, buffer, 0, buffer.length, 0)
  const [cpu, delay] = buffer.toString('latin1', 0, length).split(' ')
  return { cpu: Number(cpu) / 1e6, runDelay: Number(delay) / 1e6 }
}

export function runDelay() {
  return schedule().runDelay
}

export function watchTurns() {
  let from = now()
  let idle = timing.idleTime
  let before = schedule()
  function tick() {
    const to = now()
    if (to - from >= LONG_MS) {
      const idleNow = timing.idleTime
      const after = schedule()
      const busy = to - from - (idleNow - idle)
      // JSON has no NaN: null is for not known.
      if (busy >= LONG_MS)
        turns.push({ from, to, busy, cpu: after.cpu - before.cpu, runDelay: after.runDelay - before.runDelay })
    }
    idle = timing.idleTime
    before = schedule()
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
