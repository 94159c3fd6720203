// Turns that many small callbacks make long, one route for each kind; and one long callback among many small ones.
import { createServer } from 'node:http'
import { setRoute } from '@loopscope/agent/api'

const resolved = Promise.resolve()

function work(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const small = () => work(0.04)

const kinds = {
  immediates() {
    for (let i = 0; i < 5000; i++) setImmediate(small)
  },
  timers() {
    for (let i = 0; i < 4000; i++) setTimeout(() => work(0.05), 30)
  },
  async awaits() {
    for (let i = 0; i < 3e6; i++) await resolved
  },
  async all() {
    const one = async () => {
      await resolved
      small()
    }
    await Promise.all(Array.from({ length: 5000 }, one))
  },
  ticks(left = 5000) {
    small()
    if (left > 0) process.nextTick(kinds.ticks, left - 1)
  },
  'one-immediate'() {
    for (let i = 0; i < 300; i++) setImmediate(i === 50 ? () => work(200) : small)
  },
  'one-tick'() {
    for (let i = 0; i < 300; i++) process.nextTick(i === 50 ? () => work(200) : small)
  },
  async 'one-await'() {
    await resolved
    work(200)
  },
  request() {
    work(0.6)
  },
  'one-request'() {
    // Longer than all the others of its turn together, on a slow machine too.
    work(500)
  },
}

const server = createServer((request, response) => {
  const kind = request.url.slice(1)
  setRoute(`/${kind}`)
  void kinds[kind]()
  response.end('done')
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
