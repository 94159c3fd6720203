// Busy all the time, by thousands of short callbacks: nothing to report.
import { createServer } from 'node:http'

function piece() {
  let sum = 0
  for (let i = 0; i < 20_000; i++) sum += i % 7
  setImmediate(piece)
  return sum
}

createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
  console.log('begun')
  piece()
})
