/** Hello world on Express 5. */
import express from 'express5'
import { announce } from './announce.js'

const app = express()
app.get('/', (request, response) => {
  response.type('text/plain').send('hello world')
})
const server = app.listen(0, '127.0.0.1', () => announce(server.address().port))
