/** The real PostgreSQL of the examples, in a process of its own; the URL of DATABASE_URL where one is set. */
import { fileURLToPath } from 'node:url'
import type { Children } from './children.ts'
import { ROOT } from './server.ts'

export async function postgresUrl(children: Children, prefix: readonly string[]): Promise<string> {
  const given = process.env['DATABASE_URL']
  if (given) return given
  const script = fileURLToPath(new URL('postgres-process.ts', import.meta.url))
  const { url } = await children.start({ script, prefix, cwd: ROOT }).receive<{ url: string }>()
  return url
}
