/** Starts a PostgreSQL for the examples and prints its URL; Ctrl-C ends it and removes its data. */
import { startPostgres } from './shop/postgres.js'

const postgres = await startPostgres()
console.log(`DATABASE_URL=${postgres.url}`)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, postgres.stop)
await postgres.exited
