/** Hello world on Hapi 21. */
import Hapi from '@hapi/hapi'
import { announce } from './announce.js'

const server = Hapi.server({ port: 0, host: '127.0.0.1' })
server.route({ method: 'GET', path: '/', handler: () => 'hello world' })
await server.start()
announce(server.info.port)
