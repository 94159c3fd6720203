/** The source that a command line means. */
import { UserError } from '../errors.ts'
import { socketDirectory } from '../source/local.ts'
import { openSource, type Source, type SourceOptions } from '../source/open.ts'
import { contextFor } from '../views/context.ts'
import type { InstanceRow } from '@loopscope/collector/protocol'
import type { CommandContext } from './command.ts'
import { emptyTables } from '@loopscope/collector/protocol'

export const ANSWER_TIMEOUT_MS = 5000

export function sourceOptions({ values, surroundings }: CommandContext): SourceOptions {
  const token = typeof values.token === 'string' ? values.token : surroundings.env.LOOPSCOPE_TOKEN
  return {
    ...(token ? { token } : {}),
    directory: socketDirectory(surroundings.env),
    timeoutMs: ANSWER_TIMEOUT_MS,
    now: surroundings.now,
  }
}

export async function sourceOf(context: CommandContext): Promise<Source> {
  const source = await openSource(context.positionals[0], sourceOptions(context))
  const { instance } = context.values
  if (typeof instance !== 'string') return source
  return { ...source, instance: await instanceId(source, instance, context) }
}

/** An id, or the short name that the tables show. */
async function instanceId(source: Source, wanted: string, { surroundings }: CommandContext): Promise<string> {
  const { items, now } = await source.fetchTable('instances', {})
  const instances = items as InstanceRow[]
  const context = contextFor(
    { tables: { ...emptyTables(), instances }, history: {}, now },
    surroundings.look.glyphs,
    surroundings.cwd,
  )
  const found = instances.filter(
    (row) => row.id === wanted || context.instanceName(row.id) === wanted || String(row.pid) === wanted,
  )
  if (found.length === 1) return found[0]!.id
  const names = instances.map((row) => row.id).join(', ') || 'none'
  throw new UserError(
    found.length === 0 ? `there is no instance "${wanted}"` : `"${wanted}" is ${found.length} instances`,
    `give one of: ${names}`,
  )
}
