// A thread that holds its own loop for as long as workerData says.
import { workerData } from 'node:worker_threads'

function compute(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

setTimeout(compute, 50, workerData)
