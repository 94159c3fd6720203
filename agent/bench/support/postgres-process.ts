import { pathToFileURL } from 'node:url'
import { join } from 'node:path'

interface Postgres {
  url: string
  stop(): Promise<void>
}

// By path: the agent's package does not depend on the examples.
const file = pathToFileURL(join(import.meta.dirname, '../../../examples/shop/postgres.js')).href
const { startPostgres } = (await import(file)) as { startPostgres(): Promise<Postgres> }
const postgres = await startPostgres()
process.once('SIGTERM', () => {
  void postgres.stop().finally(() => process.exit())
})
process.send!({ url: postgres.url })
