/** Hello world on Hono 4 with its server for Node. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { announce } from './announce.js'

const app = new Hono()
app.get('/', (context) => context.text('hello world'))
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => announce(port))
