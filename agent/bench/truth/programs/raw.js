/** Planted blocks in a server of node:http alone, which names its routes itself. */
import { createServer } from 'node:http'
import { setRoute } from '@loopscope/agent/api'
import { announce, background, block } from './serve.js'

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const [, name, argument] = pathname.split('/')
  if (name === 'background') {
    setRoute('/background/:id')
    response.end(await background(argument))
  } else {
    setRoute(`/${name}/:ms`)
    response.end(await block(name, argument, Object.fromEntries(searchParams)))
  }
})
server.listen(0, '127.0.0.1', () => announce(server.address().port))
