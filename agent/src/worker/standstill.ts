/**
 * Whether the whole process stood still: stopped by a signal or a debugger, or frozen with its machine. Then this thread too
 * came back late from its timer, and the kernel says that it was neither on a processor nor waiting for one meanwhile. What
 * another thread has done in that time is taken off by its model: this one may have been waiting for a disk.
 */
import type { Schedule } from './kernel.ts'

export interface StandstillOptions {
  /** Of this thread. */
  schedule: () => Schedule | undefined
  /** ms that its loop has waited in poll so far. */
  idleTime: () => number
  stoodStill: (from: number, to: number) => void
}

/** Timers are this late for other reasons. */
const LATE_MS = 5
/** What the kernel cannot account for must be most of it. */
const SHARE = 0.7

export class Standstill {
  readonly #options: StandstillOptions
  #before: Schedule | undefined
  #idleBefore = 0
  #sleptAt = 0
  #due = Infinity

  constructor(options: StandstillOptions) {
    this.#options = options
  }

  /** The worker is about to sleep until `due`. */
  sleep(now: number, due: number): void {
    this.#sleptAt = now
    this.#due = due
    this.#before = this.#options.schedule()
    this.#idleBefore = this.#options.idleTime()
  }

  /** It is back, at `now`. */
  wake(now: number): void {
    const late = now - this.#due
    if (late < LATE_MS) return
    const before = this.#before
    const after = this.#options.schedule()
    // Without the kernel's word the lateness could as well be starvation.
    if (!before || !after) return
    const accounted = after.cpu - before.cpu + (after.runDelay - before.runDelay)
    // At work it may have waited for another thread that had no processor: V8 collects garbage with several.
    const busy = now - this.#sleptAt - (this.#options.idleTime() - this.#idleBefore)
    if (Math.max(accounted, busy) < late * (1 - SHARE)) this.#options.stoodStill(this.#due, now)
  }
}
