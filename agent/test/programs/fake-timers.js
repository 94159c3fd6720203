// Puts fake timers in place, as a test does, and goes on turning the loop by real I/O.
import { createServer } from 'node:http'
import { mock } from 'node:test'

mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 0 })
const server = createServer((request, response) => {
  const end = process.hrtime.bigint() + 150_000_000n
  if (request.url === '/block') while (process.hrtime.bigint() < end);
  response.end(String(Date.now()))
})
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
