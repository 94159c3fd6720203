/** Everything that a connection can do to a server: short answers, streams, upgrades, work after the response, clients that go. */
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { announce } from './announce.js'

const server = createServer((request, response) => {
  const handler = HANDLERS[request.url] ?? hello
  handler(request, response)
})

function hello(request, response) {
  response.setHeader('content-type', 'text/plain')
  response.end('hello world')
}

const HANDLERS = {
  async '/slow'(request, response) {
    await sleep(50)
    response.end('at last')
  },
  async '/later'(request, response) {
    response.end('accepted')
    await sleep(20)
  },
  async '/events'(request, response) {
    response.setHeader('content-type', 'text/event-stream')
    for (let n = 0; n < 5; n++) {
      response.write(`data: ${n}\n\n`)
      await sleep(5)
    }
    response.end()
  },
  '/forever'(request, response) {
    response.setHeader('content-type', 'text/event-stream')
    const timer = setInterval(() => response.write('data: still here\n\n'), 10)
    response.on('close', () => clearInterval(timer))
  },
}

const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (message) => socket.send(message))
})

server.listen(0, '127.0.0.1', () => announce(server.address().port))
