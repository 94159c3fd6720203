/** Hello world on Fastify 5. */
import Fastify from 'fastify5'
import { announce } from './announce.js'

const app = Fastify()
app.get('/', async () => 'hello world')
await app.listen({ port: 0, host: '127.0.0.1' })
announce(app.server.address().port)
