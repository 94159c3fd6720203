/** What killed processes of this user were stuck in: the records that their agents left on disk. No process is asked. */
import { readdirSync, readFileSync } from 'node:fs'
import { homedir, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  blackBoxDirectories,
  hasEnded,
  parseRecord,
  RECORD_FILE,
  startOfStat,
  type BlackBoxRecord,
} from '@loopscope/collector/protocol'
import { sanitiseDeep } from '../text/sanitise.ts'

export function recordDirectories(environment: Record<string, string | undefined>): string[] {
  return blackBoxDirectories({
    platform: process.platform,
    uid: process.getuid?.(),
    environment,
    temporaryDirectory: tmpdir(),
    homeDirectory: environment.HOME ?? homedir(),
  })
}

/** The newest first; without those whose process still lives. */
export function lastRecords(directories: readonly string[], now: number, host = hostname()): BlackBoxRecord[] {
  const records = directories.flatMap(readRecords)
  const ended = records.filter((record) => hasEnded(record, { host, now, startOf }))
  return ended.sort((a, b) => b.writtenAt - a.writtenAt)
}

function readRecords(directory: string): BlackBoxRecord[] {
  let names: string[]
  try {
    names = readdirSync(directory).filter((name) => RECORD_FILE.test(name))
  } catch {
    return []
  }
  return names.flatMap((name) => {
    try {
      const record = parseRecord(readFileSync(join(directory, name), 'utf8'))
      return record ? [sanitiseDeep(record)] : []
    } catch {
      return [] // its block has ended meanwhile
    }
  })
}

function startOf(pid: number): string | null | undefined {
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
