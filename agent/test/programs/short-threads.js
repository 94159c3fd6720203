// Many short workers, one after the other; then says what is left, and ends on stdin's end.
import { isMainThread, Worker } from 'node:worker_threads'

const COUNT = 12
if (isMainThread) {
  for (let i = 0; i < COUNT; i++) {
    const worker = new Worker(new URL(import.meta.url))
    await new Promise((resolve) => worker.once('exit', resolve))
  }
  console.log(`over ${COUNT}`)
  process.stdin.resume()
} else setTimeout(() => {}, 30)
