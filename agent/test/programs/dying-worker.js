// In place of the agent's worker: answers once, dies as it is told.
import { parentPort, workerData } from 'node:worker_threads'

parentPort.on('message', ({ type, request }) => {
  if (type === 'metrics') parentPort.postMessage({ type: 'metrics', request, text: 'planted' })
})
if (workerData.death === 'throw') {
  setTimeout(() => {
    throw new Error('planted\nin two lines')
  }, 20)
}
if (workerData.death === 'exit') setTimeout(() => process.exit(7), 20)
if (workerData.death === 'memory') {
  const kept = []
  setTimeout(function fill() {
    for (let i = 0; i < 20_000; i++) kept.push({ i, next: [i] })
    setTimeout(fill)
  }, 20)
}
