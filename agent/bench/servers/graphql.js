/** One query without arguments on Mercurius, in Fastify. */
import Fastify from 'fastify5'
import mercurius from 'mercurius'
import { announce } from './announce.js'

const app = Fastify()
await app.register(mercurius, {
  schema: 'type Query { hello: String }',
  resolvers: { Query: { hello: () => 'hello world' } },
})
await app.listen({ port: 0, host: '127.0.0.1' })
announce(app.server.address().port)
