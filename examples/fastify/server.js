/** The shop on Fastify 5: `PORT=3000 DATABASE_URL=postgres://… node --import agent examples/fastify/server.js` */
import Fastify from 'fastify'
import { KEEP_ALIVE_MS, runShop } from '../shop/shop.js'
import * as storefront from '../shop/storefront.js'
import * as troubles from '../shop/troubles.js'

async function productRoutes(app, { pool }) {
  app.get('/products', () => storefront.listProducts(pool))
  app.get('/products/:id', (request) => storefront.findProduct(pool, request.params.id))
  app.get('/prices', async () => troubles.priceEverything())
}

async function reportRoutes(app, { pool, catalogue }) {
  app.get('/report', async ({ params: { tenant } }) => {
    return troubles.buildReport(tenant, await storefront.listOrders(pool, tenant))
  })
  app.get('/export', (request) => troubles.exportOrders(pool, request.params.tenant))
  app.get('/catalogue', async () => troubles.readCatalogue(catalogue))
}

async function shopRoutes(app, { pool, signal }) {
  app.get('/health', async () => storefront.health(pool))
  app.post('/cart', (request, reply) => {
    reply.code(201)
    return storefront.createCart(pool, request.body)
  })
  app.get('/cart/:id', (request) => storefront.showCart(pool, request.params.id))
  app.post('/checkout/:cart', (request) => troubles.checkout(pool, request.params.cart))
  app.get('/dashboard', () => troubles.dashboard(pool))
  app.post('/login', async (request) => troubles.hashPassword(request.body?.password))
  app.get('/coupons/:code', async (request) => troubles.validateCoupon(request.params.code))
  app.post('/images', async () => troubles.convertImage())
  app.post('/newsletter', async (request, reply) => {
    reply.code(202)
    return troubles.sendNewsletter(signal)
  })
  app.post('/reminders', async (request, reply) => {
    reply.code(202)
    return troubles.scheduleReminders(signal)
  })
}

await runShop(async (shop) => {
  const app = Fastify({ keepAliveTimeout: KEEP_ALIVE_MS })
  app.register(productRoutes, { prefix: '/api', ...shop })
  app.register(reportRoutes, { prefix: '/admin/:tenant', ...shop })
  app.register(shopRoutes, shop)
  return { http: app.server, listen: (port, host) => app.listen({ port, host }), close: () => app.close() }
})
