/** What the process before this one was in when it was killed: the same program of the same service, on this host. */
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { checkRow } from '@loopscope/collector'
import {
  fatalRow,
  hasEnded,
  parseRecord,
  startOfStat,
  type BlackBoxRecord,
  type BlockRow,
} from '@loopscope/collector/protocol'
import { readRecords, remove, rotate } from './directory.ts'

export type Program = Pick<BlackBoxRecord, 'service' | 'host' | 'cwd' | 'script' | 'pid' | 'startedAt'>

export interface Inherited {
  record: BlackBoxRecord
  row: BlockRow
}

const MOST = 5

/**
 * Each record is told of by one start, the next one: it is renamed, which one process alone can do. The newest first.
 * `successor`: the instance in whose tables the rows will be.
 */
export function inherit(directories: readonly string[], program: Program, successor: string, now: number): Inherited[] {
  const found: Inherited[] = []
  for (const directory of directories) {
    for (const { name, text } of readRecords(directory)) {
      const record = parseRecord(text)
      const path = join(directory, name)
      if (!record || name.endsWith('.told.json') || !isSameProgram(record, program)) continue
      // This very process: the agent's worker died in the middle of a block and was started again.
      if (record.pid === program.pid && record.startedAt === program.startedAt) remove(path)
      else if (hasEnded(record, { host: program.host, now, startOf }) && claim(path)) {
        const id = `${record.block.instance}:${name.replace('.json', '')}`
        const row = fatalRow(record, id, successor)
        // It goes on to others from here, as all rows do.
        if (checkRow('blocks', row) === null) found.push({ record, row })
      }
    }
    try {
      rotate(directory, now)
    } catch {
      // Not there, or not ours: there is nothing to rotate.
    }
  }
  return found.sort((a, b) => b.record.writtenAt - a.record.writtenAt).slice(0, MOST)
}

function isSameProgram(record: BlackBoxRecord, { service, host, cwd, script }: Program): boolean {
  return record.service === service && record.host === host && record.cwd === cwd && record.script === script
}

function claim(path: string): boolean {
  try {
    renameSync(path, path.replace(/\.json$/, '.told.json'))
    return true
  } catch {
    return false // another process that started now was first
  }
}

/** When a process started; null where there is none, undefined where nobody tells. */
export function startOf(pid: number): string | null | undefined {
  try {
    return startOfStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    try {
      process.kill(pid, 0)
      return undefined
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH' ? null : undefined
    }
  }
}
