// Asks for a capture every few ms, as the agent's worker does; those of one native call know when the first was asked for.
import { workerData } from 'node:worker_threads'
import { CLOCK, CONTROL, openChannel } from '@loopscope/collector/protocol'
import { now } from '../../agent/dist/program/clock.js'
import { createCapturer } from '../../agent/dist/worker/capturer.js'

const { asking, buffer } = workerData
const { clock, control } = openChannel(buffer)
const capture = createCapturer(clock, now)
let asked = 0
setInterval(() => {
  if (Atomics.load(asking, 0) === 0) {
    asked = Atomics.load(control, CONTROL.captures)
    return
  }
  const first = clock[CLOCK.asked]
  const areWaiting = Atomics.load(control, CONTROL.captures) < asked
  capture(-1, 0)
  if (areWaiting) clock[CLOCK.asked] = first
  asked++
}, 4)
