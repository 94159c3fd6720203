// A server that does nothing but answer. Prints its port.
import { createServer } from 'node:http'

const server = createServer((_request, response) => response.end('ok'))
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
