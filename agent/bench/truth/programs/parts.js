/** Routes whose latency has known parts. Says what each has taken, by its own clock. */
import { scrypt } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { setRoute } from '@loopscope/agent/api'
import pg from 'pg'
import { now } from './clock.js'

const [url] = process.argv.slice(2)
const wide = new pg.Pool({ connectionString: url, max: 10 })
const narrow = new pg.Pool({ connectionString: url, max: 1 })
const other = createServer((_, response) => setTimeout(() => response.end('ok'), 20))
const derive = promisify(scrypt)
const parts = {}

async function timed(route, part, work) {
  const from = now()
  await work()
  const own = (parts[route] ??= {})
  own[part] = (own[part] ?? 0) + now() - from
}

function spin(ms) {
  const end = now() + ms
  while (now() < end);
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 30))
const call = async () => (await fetch(`http://127.0.0.1:${other.address().port}/`)).text()
const query = () => wide.query('SELECT pg_sleep(0.02)')

/** Which part the whole of a route is, or several in series. */
const routes = {
  cpu: () => timed('cpu', 'onLoop', () => spin(5)),
  db: () => timed('db', 'db', query),
  http: () => timed('http', 'http', call),
  timer: () => timed('timer', 'timer', pause),
  sleep: () => timed('sleep', 'timer', () => sleep(30)),
  threads: () => timed('threads', 'threadPool', () => derive('secret', 'salt', 32)),
  // The timer ends last.
  all: () => timed('all', 'timer', () => Promise.all([query(), call(), pause()])),
  async series() {
    await timed('series', 'db', query)
    await timed('series', 'http', call)
    await timed('series', 'timer', pause)
  },
  async pool() {
    let client
    await timed('pool', 'poolWait', async () => (client = await narrow.connect()))
    await timed('pool', 'db', () => client.query('SELECT pg_sleep(0.01)'))
    client.release()
  },
}

const server = createServer(async (request, response) => {
  const name = request.url.slice(1)
  setRoute(`/${name}`)
  await routes[name]()
  response.end('done')
})

other.listen(0, '127.0.0.1', () =>
  server.listen(0, '127.0.0.1', () => {
    process.on('message', () => process.send({ parts }))
    process.send?.({ port: server.address().port })
  }),
)
