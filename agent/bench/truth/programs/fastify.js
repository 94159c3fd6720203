/** Planted blocks in Fastify 5. */
import Fastify from 'fastify5'
import { announce, background, block, kindNames } from './serve.js'

const app = Fastify()
app.get('/background/:id', async (request) => background(request.params.id))
for (const name of kindNames) {
  app.get(`/${name}/:ms`, async (request) => block(name, request.params.ms, request.query))
}
await app.listen({ port: 0, host: '127.0.0.1' })
await announce(app.server.address().port)
