// Two workers, one of which starts a worker of its own; each turns and sometimes holds its loop. Ends on stdin's end.
import { isMainThread, threadId, Worker, workerData } from 'node:worker_threads'

if (!isMainThread && workerData.depth > 0)
  new Worker(new URL(import.meta.url), { workerData: { depth: workerData.depth - 1 } })
if (isMainThread) {
  const url = new URL(import.meta.url)
  const workers = [new Worker(url, { workerData: { depth: 1 } }), new Worker(url, { workerData: { depth: 0 } })]
  process.stdin.resume().once('end', () => {
    for (const worker of workers) void worker.terminate()
  })
  console.log('started')
} else {
  console.log(`thread ${threadId}`)
  setInterval(function holdThread() {
    const end = Date.now() + 60
    while (Date.now() < end);
  }, 300)
}
