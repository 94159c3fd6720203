/**
 * Captures at random instants: who holds the loop, all the time. The spacing is exponential, so that periodic work is not
 * seen too often or never; an idle loop is left asleep; the rate is governed by what a capture is measured to cost.
 */
import { CAPTURE } from '@loopscope/collector/protocol'
import type { Capturer } from './capturer.ts'

export interface SamplerOptions {
  capture: Capturer
  /** Whether the thread is at work at this moment. */
  isBusy: () => boolean
  /** Captures taken so far and what they cost the program's thread, in ms. */
  cost: () => { captures: number; ms: number }
  random: () => number
}

const PER_SECOND = 20
/** What the sampler may take of the program's thread. */
const BUDGET = 0.003
/** How much the last look counts for how busy the thread is. */
const MEMORY = 0.05
/** What connecting and dispatching one capture costs the program beyond the capture's own account (bench:record). */
const DISPATCH_MS = 0.2

export class Sampler {
  readonly #options: SamplerOptions
  /** When the next sample is due, on the agent's clock. */
  nextAt = 0
  /** How often the thread was found at work of late: only then it pays. */
  #busyShare = 1

  constructor(options: SamplerOptions) {
    this.#options = options
  }

  sample(now: number): void {
    const { capture, isBusy } = this.#options
    const busy = isBusy()
    if (busy) capture(-1, CAPTURE.sample)
    this.#busyShare += ((busy ? 1 : 0) - this.#busyShare) * MEMORY
    this.draw(now)
  }

  /** Draws the next instant anew; the exponential distribution has no memory, so that may be done at any time. */
  draw(now: number): void {
    const mean = meanIntervalMs(this.#options.cost(), this.#busyShare)
    this.nextAt = now + Math.min(10 * mean, -Math.log(1 - this.#options.random()) * mean)
  }
}

export function meanIntervalMs({ captures, ms }: { captures: number; ms: number }, busyShare = 1): number {
  const each = captures === 0 ? 0 : ms / captures + DISPATCH_MS
  return Math.max(1000 / PER_SECOND, (each * busyShare) / BUDGET)
}
