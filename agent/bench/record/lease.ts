/** A slot of a pool: asked for, taken, given back, on behalf of an activity and under a stack of usual depth. */
import { CONTROL } from '@loopscope/collector/protocol'
import { takeSite } from '../../src/program/site.ts'
import { measureLoop, type MicroBench } from '../support/micro.ts'
import { createProgram } from './program.ts'

const EMPTY_EVERY = 1 << 11
const DEPTH = 12

export const lease: MicroBench = {
  name: 'lease',
  run(plan) {
    const { recorder, activities, pools, empty, channel } = createProgram()
    const pool = pools.create('db', 'postgresql', 'main', 10, () => ({ used: 1, idle: 0, pending: 0 }))
    const activity = activities.begin('request', recorder.name('GET'))
    const connect = (): void => {
      const taken = pools.ask(pool, connect)
      pools.take(taken)
      pools.giveBack(taken)
    }
    const site = (): void => {
      takeSite(site)
    }
    const below = (depth: number, n: number, once: () => void): void => {
      if (depth > 0) return below(depth - 1, n, once)
      for (let i = 0; i < n; i++) {
        if ((i & (EMPTY_EVERY - 1)) === 0) empty()
        once()
      }
    }
    const measure = (full: number, once: () => void): number[] =>
      activities.run(activity, () => measureLoop(plan, full, (n) => below(DEPTH, n, once)))
    const samples = measure(20_000, connect)
    const sites = measure(5000, site)
    if (activity.holds !== 0 || channel.control[CONTROL.dropped] !== 0)
      throw new Error('a lease was not given back, or an event was lost')
    return [
      { id: 'lease', about: 'a lease of a pool: ask, take, give back', unit: 'ns', samples },
      { id: 'site', about: 'the site of one (some hundred a second at the most)', unit: 'ns', samples: sites },
    ]
  },
}
