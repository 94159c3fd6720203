/** `loopscope blocks --last [SERVICE]`: what killed processes were stuck in, from their records on disk. */
import { emptyTables, type BlackBoxRecord } from '@loopscope/collector/protocol'
import { UsageError, UserError } from '../errors.ts'
import { lastRecords, recordDirectories } from '../source/last.ts'
import { contextFor } from '../views/context.ts'
import { lastLines } from '../views/last.ts'
import type { CommandContext } from './command.ts'
import { numberOption } from './numbers.ts'
import { outputWidth, printLines } from './print.ts'

export function runLast(context: CommandContext): Promise<number> {
  const { values, positionals, surroundings } = context
  for (const option of ['watch', 'for', 'interval', 'instance', 'token'] as const) {
    if (values[option] === undefined) continue
    throw new UsageError(`--last reads what is on disk, so --${option} has no meaning`, 'leave one of them out')
  }
  const limit = numberOption('limit', values.limit, Infinity, [1, 10_000], 'rows')
  const now = surroundings.now()
  const all = lastRecords(recordDirectories(surroundings.env), now)
  const records = ofService(all, positionals[0])
  if (values.json === true) {
    const items = records.slice(0, limit)
    surroundings.stdout.write(`${JSON.stringify({ now, items }, null, 2)}\n`)
  } else {
    const { glyphs, cwd } = surroundings.look
    const view = contextFor({ tables: emptyTables(), history: {}, now }, glyphs, cwd)
    printLines(lastLines(records, view, outputWidth(surroundings), limit), surroundings)
  }
  return Promise.resolve(0)
}

function ofService(records: BlackBoxRecord[], service: string | undefined): BlackBoxRecord[] {
  if (service === undefined) return records
  const found = records.filter((record) => record.service === service)
  if (found.length > 0 || records.length === 0) return found
  const names = [...new Set(records.map((record) => record.service))].join(', ')
  throw new UserError(
    `no process of "${service}" was killed in the middle of a block`,
    `there are records of: ${names}`,
  )
}
