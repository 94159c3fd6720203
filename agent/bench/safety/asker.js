/** Asks for a capture of whatever the main thread runs, idle or not, in a rhythm that has no relation to the program's. */
import { workerData } from 'node:worker_threads'
import { CAPTURE, CLOCK, openChannel } from '@loopscope/collector/protocol'
import { now } from '../../dist/program/clock.js'
import { createCapturer } from '../../dist/worker/capturer.js'

const { buffer, everyMs } = workerData
// A clock of its own: the agent asks for one capture at a time, here the next does not wait for the one before.
const clock = new Float64Array(16)
const capture = createCapturer({ clock, control: openChannel(buffer).control }, now)
const sleeper = new Int32Array(new SharedArrayBuffer(4))
/** After a standstill the lost ones are not asked for all at once. */
const MOST_BEHIND_MS = 100

let next = now()
for (let n = 0; ; n++) {
  const wait = next - now()
  if (wait > 0.05) Atomics.wait(sleeper, 0, 0, wait)
  clock[CLOCK.asked] = 0
  // 24 frames as in a block (but of whatever turn it is), or 12 as in a sample.
  capture(-1, n % 2 === 0 ? CAPTURE.block : CAPTURE.sample)
  next = Math.max(next + everyMs * (0.5 + Math.random()), now() - MOST_BEHIND_MS)
}
