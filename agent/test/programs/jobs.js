// A worker of BullMQ: jobs that succeed, fail, wait for their time, and one that holds the loop while another one's lock runs out.
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'

const connection = { host: '127.0.0.1', port: Number(process.argv[2]), maxRetriesPerRequest: null }
const queue = new Queue('mails', { connection })

function spin(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const kinds = {
  async send() {
    await sleep(100)
  },
  async bounce() {
    await sleep(5)
    throw new Error('bounced')
  },
  async slow() {
    await sleep(4000)
  },
  async block() {
    await sleep(900)
    spin(2500) // <- the block
  },
}

const worker = new Worker('mails', (job) => kinds[job.name](), {
  connection,
  concurrency: 2,
  lockDuration: 1000,
  stalledInterval: 1000,
})
worker.on('error', (error) => console.log(`error ${error.message}`))
worker.on('failed', (job, error) => console.log(`failed ${job?.name} ${error.message}`))
await worker.waitUntilReady()

process.stdin.setEncoding('utf8').on('data', async (text) => {
  for (const line of text.split('\n').filter(Boolean)) {
    const [name, count, delay] = line.split(' ')
    const jobs = Array.from({ length: Number(count) }, () => ({
      name,
      data: {},
      opts: { delay: Number(delay), attempts: 2, removeOnComplete: true },
    }))
    await queue.addBulk(jobs)
    console.log(`added ${name}`)
  }
})
console.log('ready')
