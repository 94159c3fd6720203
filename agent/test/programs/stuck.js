// Holds its loop as long as it is told to: `hold 5000` on stdin (or `exit 2000`: then it exits in the same turn).
import { Worker } from 'node:worker_threads'
import { withTask } from '@loopscope/agent/api'

function parse(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

process.stdin.setEncoding('utf8').on('data', (line) => {
  const [what, ms] = line.trim().split(' ')
  if (what === 'hold') void withTask('import prices', () => parse(Number(ms)))
  if (what === 'exit') {
    parse(Number(ms))
    process.exit(3)
  }
  if (what === 'thread') {
    const worker = new Worker(new URL('stuck-thread.js', import.meta.url), { workerData: Number(ms) })
    process.stdin.on('data', (next) => next.startsWith('terminate') && void worker.terminate())
  }
})
console.log('ready')
