/** Asks for a capture whenever it is woken, as the agent's worker does, and notes when it asked. */
import { parentPort, workerData } from 'node:worker_threads'
import { CAPTURE } from '@loopscope/collector/protocol'
import { now } from '../../src/program/clock.ts'
import { createCapturer } from '../../src/worker/capturer.ts'

const { shared, wake } = workerData as { shared: Float64Array; wake: Int32Array }
const capture = createCapturer(new Float64Array(16), now)
// A promise of waitAsync does not keep a thread alive.
setInterval(() => {}, 60_000)
parentPort!.postMessage('ready')
let seen = 0
for (;;) {
  // Not waitAsync's promise alone: a value that changed meanwhile is an answer at once.
  const wait = Atomics.waitAsync(wake, 0, seen)
  if (wait.async) await wait.value
  seen = Atomics.load(wake, 0)
  shared[0] = now()
  capture(-1, CAPTURE.block)
  await new Promise((resolve) => setImmediate(resolve))
}
