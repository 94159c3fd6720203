// A primary and two workers that serve. "kill" on stdin kills the first worker.
import cluster from 'node:cluster'
import { createServer } from 'node:http'

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()]
  for (const worker of workers)
    worker.on('listening', ({ port }) => console.log(`worker ${worker.process.pid} port ${port}`))
  process.stdin.once('data', () => workers[0].process.kill('SIGKILL'))
} else {
  createServer((_request, response) => response.end(String(process.pid))).listen(0, '127.0.0.1')
}
