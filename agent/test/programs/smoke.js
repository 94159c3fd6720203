// Blocks its loop for 150 ms in each request, in a named function, and ends when stdin does.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

function holdLoop() {
  const end = performance.now() + 150
  while (performance.now() < end); // <- held
}

const server = createServer(async (_request, response) => {
  await sleep(1)
  holdLoop()
  response.end('ok')
})
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
process.stdin.resume().once('end', () => server.close())
