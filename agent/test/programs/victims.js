// Requests that wait while others hold the loop; it prints what is true of each block, in ms.
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { setRoute } from '@loopscope/agent/api'

const DELAY = 400
const PAST_DUE = 120
const due = { timer: 0, promise: 0 }

// Answers over a socket, which no hook watches, in the middle of the time that is blocked.
const answering = new Worker(
  `const { createServer } = require('node:net')
  const server = createServer((socket) => setTimeout(() => socket.end('x'), ${DELAY + PAST_DUE / 2}))
  server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port))`,
  { eval: true },
)
answering.unref()
const answerPort = await new Promise((resolve) => answering.once('message', resolve))

function spinPastDue() {
  const begin = performance.now()
  const until = Math.max(due.timer, due.promise) + PAST_DUE
  while (performance.now() < until);
  console.log(`truth ${JSON.stringify({ due, begin, end: performance.now() })}`)
}

const routes = {
  timer(response) {
    due.timer = performance.now() + DELAY
    setTimeout(() => response.end(), DELAY)
  },
  async promise(response) {
    due.promise = performance.now() + DELAY
    await sleep(DELAY)
    response.end()
  },
  async sleeper(response) {
    await sleep(DELAY * 5)
    response.end()
  },
  socket(response) {
    connect(answerPort, '127.0.0.1')
      .on('data', () => response.end())
      .on('error', () => response.end())
  },
  block(response) {
    spinPastDue()
    response.end()
  },
  async later(response) {
    await sleep(20)
    spinPastDue()
    response.end()
  },
}

const server = createServer((request, response) => {
  const name = request.url.slice(1)
  setRoute(request.url)
  console.log(`began ${name}`)
  if (name in routes) void routes[name](response)
  else response.end()
})
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
