/** Planted blocks in a worker thread of the program, which runs the server of raw.js; the main thread hands on messages. */
import { Worker } from 'node:worker_threads'

const worker = new Worker(new URL('raw.js', import.meta.url), { argv: process.argv.slice(2) })
worker.on('message', (message) => process.send?.(message))
process.on('message', (message) => worker.postMessage(message))
