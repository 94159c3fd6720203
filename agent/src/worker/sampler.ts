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
/** What the dispatch of one capture costs beyond the capture's own account. */
const DISPATCH_MS = 0.03

export function startSampler({ capture, isBusy, cost, random }: SamplerOptions): () => void {
  let timer: NodeJS.Timeout
  const again = (): void => {
    const mean = meanIntervalMs(cost())
    timer = setTimeout(sample, Math.min(10 * mean, -Math.log(1 - random()) * mean))
  }
  const sample = (): void => {
    if (isBusy()) capture(-1, CAPTURE.sample)
    again()
  }
  again()
  return () => clearTimeout(timer)
}

export function meanIntervalMs({ captures, ms }: { captures: number; ms: number }): number {
  const each = captures === 0 ? 0 : ms / captures + DISPATCH_MS
  return Math.max(1000 / PER_SECOND, each / BUDGET)
}
