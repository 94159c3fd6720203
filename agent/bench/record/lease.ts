/** A slot of a pool: asked for, taken, given back, on behalf of an activity and under a stack of usual depth. */
import { measureLoop, type MicroBench } from '../support/micro.ts'
import { createProgram } from './program.ts'

const EMPTY_EVERY = 1 << 11
const DEPTH = 12

export const lease: MicroBench = {
  name: 'lease',
  run(plan) {
    const { recorder, activities, pools, empty, channel } = createProgram()
    const pool = pools.create('db', 'postgresql', 'main', 10, () => ({ used: 1, pending: 0 }))
    const activity = activities.begin('request', recorder.name('GET'))
    const connect = (): void => {
      const taken = pools.ask(pool, connect)
      pools.take(taken)
      pools.giveBack(taken)
    }
    const below = (depth: number, n: number): void => {
      if (depth > 0) return below(depth - 1, n)
      for (let i = 0; i < n; i++) {
        if ((i & (EMPTY_EVERY - 1)) === 0) empty()
        connect()
      }
    }
    const samples = activities.run(activity, () => measureLoop(plan, 20_000, (n) => below(DEPTH, n)))
    if (activity.holds !== 0 || channel.control[2] !== 0) throw new Error('a lease was not given back, or an event was lost')
    return [{ id: 'lease', about: 'a lease of a pool: ask with its site, take, give back', unit: 'ns', samples }]
  },
}
