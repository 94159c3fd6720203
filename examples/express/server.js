/** The shop on Express 5: `PORT=3000 DATABASE_URL=postgres://… node --import agent examples/express/server.js` */
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import express from 'express'
import { KEEP_ALIVE_MS, runShop } from '../shop/shop.js'
import * as storefront from '../shop/storefront.js'
import * as troubles from '../shop/troubles.js'

function productRoutes({ pool }) {
  const router = express.Router()
  router.get('/products', async (request, response) => response.json(await storefront.listProducts(pool)))
  router.get('/products/:id', async (request, response) => {
    response.json(await storefront.findProduct(pool, request.params.id))
  })
  router.get('/prices', (request, response) => response.json(troubles.priceEverything()))
  return router
}

function reportRoutes({ pool, catalogue }) {
  const router = express.Router({ mergeParams: true })
  router.get('/report', async (request, response) => {
    const { tenant } = request.params
    response.json(troubles.buildReport(tenant, await storefront.listOrders(pool, tenant)))
  })
  router.get('/export', async (request, response) => {
    response.json(await troubles.exportOrders(pool, request.params.tenant))
  })
  router.get('/catalogue', (request, response) => response.json(troubles.readCatalogue(catalogue)))
  return router
}

function createApp(shop) {
  const { pool, signal } = shop
  const app = express()
  app.disable('x-powered-by')
  app.use(express.json())

  app.use('/api', productRoutes(shop))
  app.use('/admin/:tenant', reportRoutes(shop))

  app.get('/health', (request, response) => response.json(storefront.health(pool)))
  app.post('/cart', async (request, response) => {
    response.status(201).json(await storefront.createCart(pool, request.body))
  })
  app.get('/cart/:id', async (request, response) => response.json(await storefront.showCart(pool, request.params.id)))
  app.post('/checkout/:cart', async (request, response) => {
    response.json(await troubles.checkout(pool, request.params.cart))
  })
  app.get('/dashboard', async (request, response) => response.json(await troubles.dashboard(pool)))
  app.post('/login', (request, response) => response.json(troubles.hashPassword(request.body?.password)))
  app.get('/coupons/:code', (request, response) => response.json(troubles.validateCoupon(request.params.code)))
  app.post('/images', (request, response) => response.json(troubles.convertImage()))
  app.post('/newsletter', (request, response) => response.status(202).json(troubles.sendNewsletter(signal)))
  app.post('/reminders', (request, response) => response.status(202).json(troubles.scheduleReminders(signal)))

  app.use((request, response) => response.status(404).json({ message: 'no such page' }))
  app.use((error, request, response, _next) => {
    response.status(error.statusCode ?? 500).json({ message: error.message })
  })
  return app
}

await runShop(async (shop) => {
  const http = createServer(createApp(shop))
  http.keepAliveTimeout = KEEP_ALIVE_MS
  return {
    http,
    listen: (port, host) => new Promise((resolve, reject) => http.once('error', reject).listen(port, host, resolve)),
    close: promisify(http.close.bind(http)),
  }
})
