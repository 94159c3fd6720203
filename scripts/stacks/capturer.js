// Asks for a capture every few ms, as the agent's worker does.
import { workerData as asking } from 'node:worker_threads'
import { now } from '../../agent/dist/program/clock.js'
import { createCapturer } from '../../agent/dist/worker/capturer.js'

const capture = createCapturer(now)
setInterval(() => Atomics.load(asking, 0) === 1 && capture(-1, 0), 4)
