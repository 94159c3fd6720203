/** Opens what both servers share and runs one of them until a signal ends it. */
import { writeCatalogue } from './catalogue.js'
import { openDatabase } from './database.js'

const SHUTDOWN_MS = 4000
/** Longer than a load pauses: a server that closes an idle connection may meet the next request on its way. */
export const KEEP_ALIVE_MS = 30_000

/**
 * @typedef {{ pool: import('pg').Pool, catalogue: string[], signal: AbortSignal }} Shop what the handlers need;
 * `signal` ends the work that goes on in the background
 * @param {(shop: Shop) => Promise<{ http: import('node:http').Server, listen(port: number, host: string): Promise<unknown>, close(): Promise<unknown> }>} createServer
 */
export async function runShop(createServer) {
  try {
    const port = readPort(process.env.PORT)
    const pool = await openDatabase(process.env.DATABASE_URL)
    const catalogue = await writeCatalogue()
    process.once('exit', catalogue.remove)
    const background = new AbortController()
    const server = await createServer({ pool, catalogue: catalogue.paths, signal: background.signal })
    endOnSignal(async () => {
      background.abort()
      await closeServer(server)
      await pool.end()
    })
    // What `checkout` does not await is rejected with nobody listening: without this line it would end the process.
    process.on('unhandledRejection', (reason) =>
      console.error(`shop: nobody awaited this: ${reason?.message ?? reason}`),
    )
    await server.listen(port, '127.0.0.1')
    console.log(`listening on http://127.0.0.1:${server.http.address().port}`)
  } catch (error) {
    console.error(`shop: ${explain(error)}`)
    process.exit(1)
  }
}

function readPort(text = '3000') {
  const port = Number(text)
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65535) return port
  throw new Error(`PORT is ${JSON.stringify(text)}; it must be a whole number from 0 (any free port) to 65535.`)
}

/** The process ends by itself once everything is closed; the second signal, or four seconds, end it anyway. */
function endOnSignal(close) {
  let closing = false
  const end = () => {
    if (closing) process.exit(1)
    closing = true
    setTimeout(() => {
      console.error('shop: still busy after 4 s, leaving')
      process.exit(1)
    }, SHUTDOWN_MS).unref()
    close().catch((error) => {
      console.error(`shop: ${error.message}`)
      process.exitCode = 1
    })
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}

/** `close` ends the connections that are idle now; one that finishes its last request later stays open otherwise. */
async function closeServer({ http, close }) {
  const timer = setInterval(() => http.closeIdleConnections(), 50)
  try {
    await close()
  } finally {
    clearInterval(timer)
  }
}

function explain(error) {
  if (error.code !== 'EADDRINUSE') return error.message
  return `port ${error.port} is taken. Set PORT to another one, or to 0 for any that is free.`
}
