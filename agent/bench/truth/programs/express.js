/** Planted blocks in Express 5. */
import express from 'express5'
import { announce, background, block, kindNames } from './serve.js'

const app = express()
app.get('/background/:id', async (request, response) => {
  response.send(await background(request.params.id))
})
for (const name of kindNames) {
  app.get(`/${name}/:ms`, async (request, response) => {
    response.send(await block(name, request.params.ms, request.query))
  })
}
const server = app.listen(0, '127.0.0.1', () => announce(server.address().port))
