// Many short workers, one after the other; then says what is left, and ends on stdin's end.
import { Worker } from 'node:worker_threads'

const COUNT = 12
for (let i = 0; i < COUNT; i++) {
  const worker = new Worker('setTimeout(() => {}, 30)', { eval: true })
  await new Promise((resolve) => worker.once('exit', resolve))
}
console.log(`over ${COUNT}`)
process.stdin.resume()
