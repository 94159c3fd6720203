/** One event in the ring, the clock, and a name that is known already. */
import { EVENT } from '@loopscope/collector/protocol'
import { now } from '../../src/program/clock.ts'
import { measureLoop, type MicroBench } from '../support/micro.ts'
import { createProgram } from './program.ts'

const EMPTY_EVERY = 1 << 13
const KINDS = [
  EVENT.begin,
  EVENT.route,
  EVENT.wait,
  EVENT.resume,
  EVENT.end,
  EVENT.poolAsk,
  EVENT.poolTake,
  EVENT.poolRelease,
]
const ROUTES = Array.from({ length: 64 }, (_, n) => `/api/v${n % 3}/things/:id/parts/${n}`)

export const event: MicroBench = {
  name: 'event',
  run(plan) {
    const { recorder, empty } = createProgram()
    for (const route of ROUTES) recorder.name(route)
    let sum = 0
    const recorded = measureLoop(plan, 400_000, (n) => {
      for (let i = 0; i < n; i++) {
        if ((i & (EMPTY_EVERY - 1)) === 0) empty()
        recorder.record(KINDS[i & 7]!, i, now(), 3, 200)
      }
    })
    const bare = measureLoop(plan, 400_000, (n) => {
      for (let i = 0; i < n; i++) {
        if ((i & (EMPTY_EVERY - 1)) === 0) empty()
        recorder.record(KINDS[i & 7]!, i, i, 3, 200)
      }
    })
    const clock = measureLoop(plan, 400_000, (n) => {
      for (let i = 0; i < n; i++) sum += now()
    })
    const names = measureLoop(plan, 400_000, (n) => {
      for (let i = 0; i < n; i++) sum += recorder.name(ROUTES[i & 63]!)
    })
    if (Number.isNaN(sum)) throw new Error('a name or a time is not a number')
    return [
      { id: 'event', about: 'an event recorded, with its clock read', unit: 'ns', samples: recorded },
      { id: 'event.ring', about: '  of it the ring alone', unit: 'ns', samples: bare },
      { id: 'event.clock', about: '  of it the clock alone', unit: 'ns', samples: clock },
      { id: 'name', about: 'a known name looked up', unit: 'ns', samples: names },
    ]
  },
}
