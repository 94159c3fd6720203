/** One route as real ones are: a JSON body, three awaits, among them a timer and a query of a real PostgreSQL. */
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify5'
import pg from 'pg'
import { announce } from './announce.js'

const POOL_SIZE = 10

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE })
pool.on('error', () => process.exit(1))

const app = Fastify()
app.post('/orders/:tenant', async (request) => {
  const order = await check(request.body)
  await sleep(1)
  const { rows } = await pool.query('select n as product, n * 3 as price from generate_series($1::int, $1 + 4) n', [
    order.product,
  ])
  return { tenant: request.params.tenant, quantity: order.quantity, total: rows[0].price * order.quantity, rows }
})

async function check(body) {
  const { product, quantity, note } = body
  if (!Number.isInteger(product) || !Number.isInteger(quantity)) throw new Error('product and quantity are numbers')
  return { product, quantity, note: String(note).slice(0, 200) }
}

await app.listen({ port: 0, host: '127.0.0.1' })
announce(app.server.address().port)
