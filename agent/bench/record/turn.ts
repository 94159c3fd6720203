/** What one turn of the loop costs more: the same chain of turns with the agent's tick and without, interleaved. */
import { performance } from 'node:perf_hooks'
import { now } from '../../src/program/clock.ts'
import { startTurns } from '../../src/program/turn.ts'
import { interleave } from '../support/interleave.ts'
import { cpuNs, difference, times, type MicroBench } from '../support/micro.ts'
import { createProgram } from './program.ts'

const LONG_MS = 5
const WARM_UP_ROUNDS = 3
/** As if every turn had lasted this long: then each of them settles its account. */
const STEP_MS = 1.2

/** ns per turn of `n` turns. */
function drive(n: number): Promise<number> {
  return new Promise((resolve) => {
    let left = n
    const began = cpuNs()
    const step = (): void => {
      if (--left === 0) resolve((cpuNs() - began) / n)
      else setImmediate(step)
    }
    setImmediate(step)
  })
}

export const turn: MicroBench = {
  name: 'turn',
  async run(plan) {
    const { channel, recorder, onTurn } = createProgram()
    const timing = performance.nodeTiming
    const common = { channel, recorder, idleTime: () => timing.idleTime, longMs: LONG_MS, onTurn }
    const turns = times(plan, 20_000)
    let skew = 0
    const stepping = (): number => now() + (skew += STEP_MS)
    const withTick = async (clock: () => number): Promise<number> => {
      const stop = startTurns({ ...common, now: clock })
      const each = await drive(turns)
      stop()
      return each
    }
    const arms = { none: () => drive(turns), short: () => withTick(now), settling: () => withTick(stepping) }
    await interleave(WARM_UP_ROUNDS, arms)
    const { none, short, settling } = await interleave(plan.rounds, arms)
    return [
      { id: 'turn', about: 'a turn, the tick of the loop', unit: 'ns', samples: difference(short, none) },
      {
        id: 'turn.settling',
        about: 'a turn that settles the account (at most 1 a ms)',
        unit: 'ns',
        samples: difference(settling, none),
      },
    ]
  },
}
