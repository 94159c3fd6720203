/** Asks for a capture every few ms, of its own accord, as the agent's worker does, and notes when it asked. */
import { parentPort, workerData } from 'node:worker_threads'
import { CAPTURE, openChannel } from '@loopscope/collector/protocol'
import { now } from '../../src/program/clock.ts'
import { createCapturer } from '../../src/worker/capturer.ts'

const EVERY_MS = 12
const { shared, buffer } = workerData as { shared: Float64Array; buffer: SharedArrayBuffer }
const capture = createCapturer(openChannel(buffer), now)

setInterval(() => {
  shared[0] = now()
  capture(-1, CAPTURE.sample)
}, EVERY_MS)
parentPort!.postMessage('ready')
