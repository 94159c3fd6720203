import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTROL } from '@loopscope/collector/protocol'
import { observe, until } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { express as expressHook } from './express.ts'
import { fastify as fastifyHook } from './fastify.ts'
import { graphql as hook } from './graphql.ts'
import { http } from './http.ts'
import { MAX_OPERATIONS } from './support/operations.ts'

const { reader, activities, recorder, stop } = observe([http, fastifyHook], [expressHook, hook])
after(stop)

const require = createRequire(import.meta.url)

const typeDefs = `
  type Query { cart(id: ID): String, slow: String, broken: String, delegated: String }
  type Mutation { add(item: String): String }`
const here = (): string => reader.name(activities.current()!.route)
const resolvers = {
  Query: {
    cart: here,
    slow: async () => {
      await sleep(10)
      return here()
    },
    broken() {
      throw new Error('expected by the test')
    },
    async delegated() {
      const { data } = await graphql({
        schema: buildSchema('type Query { inner: String }'),
        source: 'query Inner { inner }',
      })
      return data && here()
    },
  },
  Mutation: { add: here },
}

interface Served {
  url: string
  close(): unknown
}

const { buildSchema, graphql } = require('graphql') as {
  buildSchema(text: string): object
  graphql(args: object): Promise<{ data: object }>
}
const { createSchema, createYoga } = require('graphql-yoga') as {
  createSchema(options: object): object
  createYoga(options: object): RequestListener
}

async function listen(listener: RequestListener | Server, path: string): Promise<Served> {
  const { port, close } = await serve(listener)
  return { url: `http://127.0.0.1:${port}${path}`, close }
}

const yoga = (options: object = {}): RequestListener =>
  createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false, ...options })

/** Each with the route of its path, as far as it has one. */
const SERVERS: Record<string, { path: string; start: () => Promise<Served> }> = {
  'graphql-yoga on node:http': { path: '', start: () => listen(createServer(yoga()), '/graphql') },
  'graphql-yoga in Express': {
    path: '/api/graphql',
    start() {
      const express = require('express5') as {
        (): { use: (...args: unknown[]) => unknown } & RequestListener
        Router: () => { all: (...args: unknown[]) => unknown }
      }
      const [app, api] = [express(), express.Router()]
      api.all('/graphql', yoga({ graphqlEndpoint: '/api/graphql' }))
      app.use('/api', api)
      return listen(app, '/api/graphql')
    },
  },
  Apollo: {
    path: '',
    async start() {
      const { ApolloServer } = (await import('@apollo/server')) as unknown as {
        ApolloServer: new (options: object) => { stop(): unknown }
      }
      const { startStandaloneServer } = (await import('@apollo/server/standalone')) as unknown as {
        startStandaloneServer(server: object, options: object): Promise<{ url: string }>
      }
      const server = new ApolloServer({ typeDefs, resolvers, stopOnTerminationSignals: false })
      const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
      return { url, close: () => server.stop() }
    },
  },
  'Mercurius in Fastify': {
    path: '/graphql',
    async start() {
      const app = (require('fastify') as () => Fastify)()
      await app.register(require('mercurius'), { schema: typeDefs, resolvers })
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      return { url: `${url}/graphql`, close: () => app.close() }
    },
  },
}

interface Fastify {
  register(plugin: unknown, options: object): Promise<void>
  listen(options: object): Promise<string>
  close(): Promise<void>
}

interface Asked {
  routes: string[]
  data: Record<string, string> | undefined
}

const ask = (url: string, body: object): Promise<{ data?: Record<string, string> }> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(body),
  }).then((response) => response.json() as Promise<{ data?: Record<string, string> }>)

async function routesOf(url: string, body: object): Promise<Asked> {
  const count = reader.requests().length
  const { data } = await ask(url, body)
  await until('the end of the request', () => reader.requests().length === count + 1 && reader.live().length === 0)
  assert.deepEqual(reader.problems, [])
  return { routes: reader.requests().at(-1)!.routes, data }
}

for (const [name, { path, start }] of Object.entries(SERVERS)) {
  suite(name, async () => {
    const { url, close } = await start()
    after(close)
    const before = path === '' ? [] : [path]
    const of = (operation: string): string => [...before, operation].join(' ')

    test('the operation is in the route, and known in its resolvers', async () => {
      const query = 'query GetCart($id: ID) { cart(id: $id) }'
      const { routes, data } = await routesOf(url, { query, variables: { id: 7 }, operationName: 'GetCart' })
      assert.deepEqual(routes, [...before, of('query GetCart')])
      assert.equal(data!['cart'], of('query GetCart'))
      const { data: added } = await routesOf(url, { query: 'mutation Add { add(item: "x") }' })
      assert.equal(added!['add'], of('mutation Add'))
    })

    test('an operation without a name, and one of several', async () => {
      assert.equal((await routesOf(url, { query: '{ cart }' })).routes.at(-1), of('query (anonymous)'))
      const both = { query: 'query One { cart } query Two { slow }', operationName: 'Two' }
      assert.equal((await routesOf(url, both)).routes.at(-1), of('query Two'))
    })

    test('what fails has its route, what is no GraphQL that of its path', async () => {
      assert.equal((await routesOf(url, { query: 'query Fails { broken }' })).routes.at(-1), of('query Fails'))
      assert.deepEqual((await routesOf(url, { query: 'query {' })).routes, before)
    })

    test('an operation that a resolver delegates does not take its place', async () => {
      const { routes, data } = await routesOf(url, { query: 'query Outer { delegated }' })
      assert.deepEqual([routes.at(-1), data!['delegated']], [of('query Outer'), of('query Outer')])
    })

    test('operations at the same time have each their own', async () => {
      const all = await Promise.all(
        Array.from({ length: 10 }, (_, i) => ask(url, { query: `query Number${i} { slow cart }` })),
      )
      for (const [i, { data }] of all.entries()) {
        assert.deepEqual({ ...data }, { slow: of(`query Number${i}`), cart: of(`query Number${i}`) })
      }
    })
  })
}

test('without a request there is nothing to name', async () => {
  const schema = buildSchema('type Query { x: String }')
  assert.deepEqual(
    { ...(await graphql({ schema, source: 'query Alone { x }', rootValue: { x: 'y' } })).data },
    { x: 'y' },
  )
})

test('the names that a client makes up come to an end', async () => {
  const schema = buildSchema('type Query { x: String }')
  const listener = async (request: IncomingMessage, response: { end(text: string): void }): Promise<void> => {
    let last = ''
    for (let i = 0; i < 2 * MAX_OPERATIONS; i++) {
      activities.current()!.route = 0
      await graphql({ schema, source: `query MadeUp${i} { x }` })
      last = here()
    }
    response.end(last + request.method)
  }
  const server = await serve(listener as unknown as RequestListener)
  const before = recorder.channel.control[CONTROL.names]!
  const { text } = await server.get('/')
  server.close()
  assert.equal(text, 'query otherGET')
  assert.ok(recorder.channel.control[CONTROL.names]! - before <= MAX_OPERATIONS + 1)
})

test('the version that was seen is said', () => {
  const seen = reader.hooked.filter(({ module }) => module === 'graphql')
  assert.deepEqual([...new Set(seen.map(({ version, how }) => `${version.split('.')[0]} ${how}`))], ['16 patch'])
})
