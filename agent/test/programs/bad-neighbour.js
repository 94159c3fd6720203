// Ends the agent's worker by speaking nonsense on its channel, each time that a line comes; goes on serving meanwhile.
import { createServer } from 'node:http'
import { BroadcastChannel } from 'node:worker_threads'

const channel = new BroadcastChannel(`loopscope:${process.pid}`)
channel.unref()
process.stdin.on('data', () => channel.postMessage({ type: 'thread', thread: { threadId: 99, buffer: 'none' } }))

const server = createServer((request, response) => {
  const end = performance.now() + (request.url === '/block' ? 150 : 0)
  while (performance.now() < end);
  response.end('ok')
})
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
process.once('SIGTERM', () => process.exit())
