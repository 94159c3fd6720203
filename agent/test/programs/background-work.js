// Work that goes on after its response: in queues, by timers, and failing while nobody looks.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { setRoute, withTask } from '@loopscope/agent/api'
import fastq from 'fastq'
import pLimit from 'p-limit'
import PQueue from 'p-queue'

process.on('unhandledRejection', () => {})

const TASKS = 1000
let open
const gate = new Promise((resolve) => (open = resolve))
const work = () => gate

const queue = new PQueue({ concurrency: 4 }) // <- p-queue
const limit = pLimit(4) // <- p-limit
const fast = fastq.promise(work, 4) // <- fastq

const push = {
  'p-queue': () => queue.add(work),
  'p-limit': () => limit(work),
  fastq: () => fast.push(0),
}

function spin(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const routes = {
  queue(name) {
    for (let i = 0; i < TASKS; i++) void push[name]()
    // In the same turn: the queues have no other moment to say how they are.
    queueMicrotask(() => queueMicrotask(() => spin(3000)))
  },
  open() {
    open()
  },
  timer() {
    setTimeout(() => {}, 400)
  },
  sleeps() {
    void sleep(200).then(() => sleep(200))
  },
  task() {
    void withTask('newsletter', async () => {
      await sleep(5)
      throw new Error('nobody looks')
    })
  },
  floating() {
    void sleep(5).then(() => Promise.reject(new Error('nobody looks')))
  },
  handled() {
    void withTask('handled', () => Promise.reject(new Error('somebody looks'))).catch(() => {})
  },
}

const server = createServer((request, response) => {
  const [, name, argument] = request.url.split('/')
  setRoute(request.url)
  routes[name](argument)
  response.end()
})
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
