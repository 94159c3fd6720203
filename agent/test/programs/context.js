// Ways in which work goes on, one route each. What runs at its end names the route of whoever it is charged to.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import { pbkdf2, randomBytes } from 'node:crypto'
import { lookup } from 'node:dns'
import { EventEmitter, once } from 'node:events'
import { createReadStream, readFile } from 'node:fs'
import { readFile as read } from 'node:fs/promises'
import { Agent, createServer, request as httpRequest } from 'node:http'
import { Writable, pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel, Worker } from 'node:worker_threads'
import { createGzip, gzip } from 'node:zlib'
import { setRoute } from '@loopscope/agent/api'
import Sqlite from 'better-sqlite3'
import fastq from 'fastq'
import pLimit from 'p-limit'
import PQueue from 'p-queue'
import pg from 'pg'
import { Pool as UndiciPool, request as undiciRequest } from 'undici'

const [target, database, storage] = process.argv.slice(2)
const self = new URL(import.meta.url)
const tick = () => sleep(1)

/** Of two slots, as many a program has one: whoever releases calls the next. */
class HandMade {
  #free = 2
  #waiting = []
  acquire(callback) {
    if (this.#free === 0) return void this.#waiting.push(callback)
    this.#free--
    callback(() => this.#release())
  }
  #release() {
    const next = this.#waiting.shift()
    if (next) next(() => this.#release())
    else this.#free++
  }
}

const handMade = new HandMade()
const emitter = new EventEmitter().setMaxListeners(0)
const queue = new PQueue({ concurrency: 2 })
const limit = pLimit(2)
const fast = fastq((work, done) => work().then((value) => done(null, value), done), 2)
const fastPromise = fastq.promise((work) => work(), 2)
const pool = new pg.Pool({ connectionString: database, max: 2 })
const undici = new UndiciPool(target, { connections: 2 })
const agent = new Agent({ keepAlive: true, maxSockets: 2 })
const sqlite = new Sqlite(':memory:')
const worker = new Worker(
  `require('node:worker_threads').parentPort.on('message', ({ port }) => { port.postMessage('answer'); port.close() })`,
  { eval: true, execArgv: [] },
)
worker.unref()

/** Settles promises of whoever asks, from an interval of nobody. */
const settled = []
setInterval(() => {
  for (const each of settled.splice(0)) each()
  emitter.emit('beat')
}, 5).unref()

const ways = {
  sync: (done) => done(),
  await: async (done) => {
    await null
    done()
  },
  'await-settled-by-other': async (done) => {
    await new Promise((resolve) => settled.push(resolve))
    done()
  },
  thenable: async (done) => {
    await { then: (resolve) => settled.push(resolve) }
    done()
  },
  'promise-all': async (done) => {
    await Promise.all([tick(), new Promise((resolve) => settled.push(resolve))])
    done()
  },
  'async-iterator': async (done) => {
    for await (const each of (async function* () {
      yield await tick()
    })())
      done(each)
  },
  'next-tick': (done) => process.nextTick(done),
  microtask: (done) => queueMicrotask(done),
  immediate: (done) => setImmediate(done),
  timeout: (done) => setTimeout(done, 2),
  'timeout-promise': async (done) => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    done()
  },
  interval: (done) => {
    const timer = setInterval(() => {
      clearInterval(timer)
      done()
    }, 2)
  },
  sleep: async (done) => {
    await sleep(2)
    done()
  },
  'fs-callback': (done) => readFile(self, done),
  'fs-promise': async (done) => {
    await read(self)
    done()
  },
  'dns-callback': (done) => lookup('localhost', done),
  'crypto-callback': (done) => pbkdf2('a', 'b', 10, 8, 'sha1', () => randomBytes(8, done)),
  'zlib-callback': (done) => gzip('text', done),
  'child-process': (done) => execFile('true', done),
  'emitter-in-request': (done) => {
    const own = new EventEmitter().once('event', () => done())
    own.emit('event')
  },
  'events-once': async (done) => {
    await once(emitter, 'beat')
    done()
  },
  'event-target': (done) => {
    const own = new EventTarget()
    own.addEventListener('event', done, { once: true })
    setTimeout(() => own.dispatchEvent(new Event('event')), 1)
  },
  pipeline: (done) => {
    const sink = new Writable({ write: (chunk, encoding, written) => written() })
    pipeline(createReadStream(self), createGzip(), sink, done)
  },
  'file-data': (done) =>
    createReadStream(self)
      .on('data', () => {})
      .once('end', done),
  'web-stream': async (done) => {
    const reader = new Response('text').body.getReader()
    while (!(await reader.read()).done);
    done()
  },
  'body-data': (done, request) => void request.on('data', () => {}).once('end', done),
  'body-for-await': async (done, request) => {
    for await (const each of request) void each
    done()
  },
  'pg-pool-query': async (done) => {
    await pool.query('select pg_sleep(0.001)')
    done()
  },
  'pg-pool-callback': (done) => pool.query('select 1', [], done),
  'pg-client': async (done) => {
    const client = await pool.connect()
    await client.query('select 1')
    client.release()
    done()
  },
  'pg-client-callback': (done) => {
    pool.connect((error, client, release) =>
      client.query('select 1', () => {
        release()
        done()
      }),
    )
  },
  fetch: async (done) => {
    await (await fetch(target)).text()
    done()
  },
  'fetch-head': async (done) => {
    const response = await fetch(target)
    done()
    await response.text()
  },
  'undici-pool': async (done) => {
    const { body } = await undici.request({ path: '/', method: 'GET' })
    await body.text()
    done()
  },
  'undici-callback': (done) => {
    undici.request({ path: '/', method: 'GET' }, (error, { body }) => {
      done()
      body.resume()
    })
  },
  'undici-data': async (done) => {
    const { body } = await undici.request({ path: '/', method: 'GET' })
    body.on('data', () => done())
  },
  'undici-request': async (done) => {
    const { body } = await undiciRequest(target)
    await body.text()
    done()
  },
  'http-response': (done) => {
    httpRequest(target, { agent }, (response) => {
      done()
      response.resume()
    }).end()
  },
  'http-data': (done) => {
    httpRequest(target, { agent }, (response) => response.on('data', () => {}).once('end', done)).end()
  },
  'p-queue': async (done) => {
    await queue.add(async () => {
      await tick()
      done()
    })
  },
  'p-queue-after': async (done) => {
    await queue.add(tick)
    done()
  },
  'p-limit': async (done) => {
    await limit(async () => {
      await tick()
      done()
    })
  },
  'fastq-worker': (done) => {
    fast.push(
      async () => {
        await tick()
        done()
      },
      () => {},
    )
  },
  'fastq-callback': (done) => fast.push(tick, done),
  'fastq-promise': async (done) => {
    await fastPromise.push(tick)
    done()
  },
  'message-port': (done) => {
    const { port1, port2 } = new MessageChannel()
    port1.once('message', done)
    worker.postMessage({ port: port2 }, [port2])
  },
  'better-sqlite3': async (done) => {
    await tick()
    sqlite.prepare('select 1').get()
    done()
  },
  'hand-made-promise': async (done) => {
    const release = await new Promise((resolve) => handMade.acquire(resolve))
    await tick()
    release()
    done()
  },
  'hand-made-callback': (done) => {
    handMade.acquire((release) => {
      done()
      setTimeout(release, 2)
    })
  },
  'hand-made-bound': (done) => {
    handMade.acquire(
      AsyncResource.bind((release) => {
        done()
        setTimeout(release, 2)
      }),
    )
  },
  'emitter-of-other': (done) => emitter.once('beat', () => done()),
}

const shared = storage === 'storage' ? new AsyncLocalStorage() : undefined

const server = createServer((request, response) => {
  const name = request.url.slice(1)
  const answer = () => {
    setRoute(`/${name}/${request.method}`)
    response.end('ok')
  }
  const go = () => void ways[name](answer, request)
  if (name === 'list') response.end(JSON.stringify(Object.keys(ways)))
  else if (shared) shared.run({}, go)
  else go()
})
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
