/** Planted blocks in Koa 3 with its router. */
import Router from 'koarouter15'
import Koa from 'koa3'
import { announce, background, block, kindNames } from './serve.js'

const app = new Koa()
const router = new Router()
router.get('/background/:id', async (context) => {
  context.body = await background(context.params.id)
})
for (const name of kindNames) {
  router.get(`/${name}/:ms`, async (context) => {
    context.body = await block(name, context.params.ms, context.query)
  })
}
app.use(router.routes())
const server = app.listen(0, '127.0.0.1', () => announce(server.address().port))
