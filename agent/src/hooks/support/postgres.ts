/** What pg and pg-pool share: the name of a database, made of what is no secret, and who has a client. */
import type { Activity } from '../../program/activity.ts'

export interface ConnectionOptions {
  connectionString?: unknown
  application_name?: unknown
  database?: unknown
  host?: unknown
  port?: unknown
  max?: unknown
}

/** Set by pg-pool where the context does not say who asks a client something: who has taken it. */
export const holders = new WeakMap<object, Activity | undefined>()

/** Set by pg-pool: the pool's name for a client of a pool. */
export const poolNames = new WeakMap<object, string>()

/** `application_name`, else `database@host`; never the user, never a password. */
export function databaseName(options: ConnectionOptions, environment: NodeJS.ProcessEnv): string {
  const url = parseUrl(options.connectionString)
  const application = text(url?.searchParams.get('application_name')) ?? text(options.application_name)
  if (application !== undefined) return application
  const database =
    text(url && decode(url.pathname.slice(1))) ?? text(options.database) ?? environment['PGDATABASE'] ?? 'default'
  const host = text(url?.hostname) ?? text(options.host) ?? environment['PGHOST'] ?? 'localhost'
  const port = text(url?.port) ?? text(options.port) ?? environment['PGPORT'] ?? '5432'
  return `${database}@${host}${port === '5432' ? '' : ':' + port}`
}

function parseUrl(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function text(value: unknown): string | undefined {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined
}
