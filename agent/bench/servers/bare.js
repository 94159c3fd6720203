/** Hello world on node:http alone. */
import { createServer } from 'node:http'
import { announce } from './announce.js'

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/plain')
  response.end('hello world')
})
server.listen(0, '127.0.0.1', () => announce(server.address().port))
