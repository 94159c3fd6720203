/** Hello world on Koa 3 with its router. */
import Koa from 'koa3'
import { Router } from 'koarouter15'
import { announce } from './announce.js'

const router = new Router()
router.get('/', (context) => {
  context.body = 'hello world'
})
const server = new Koa().use(router.routes()).listen(0, '127.0.0.1', () => announce(server.address().port))
