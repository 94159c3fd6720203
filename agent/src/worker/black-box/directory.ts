/**
 * The directory of records: of this user alone, with few small files. All calls are synchronous: asynchronous ones would
 * wait for a thread of the pool that the program may have filled.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { RECORD_FILE } from '@loopscope/collector/protocol'

export interface DirectoryLimits {
  files: number
  bytes: number
  ageMs: number
}

export const LIMITS: DirectoryLimits = { files: 50, bytes: 1024 * 1024, ageMs: 7 * 24 * 3_600_000 }

/** Left over from a process that was killed while it wrote. */
const STALE_PART_MS = 60_000

/** Makes it where it is not there. Throws where it cannot be used, or is somebody else's. */
export function prepareDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  // In a shared place like /tmp somebody else may have made it first, to read or to plant records.
  for (const directory of [dirname(path), path]) {
    const { mode, uid } = lstatSync(directory)
    if (!isOwnDirectory(directory)) throw new Error(`${directory} is not a directory of this user`)
    if (process.getuid && uid === process.getuid() && (mode & 0o077) !== 0) chmodSync(directory, 0o700)
  }
}

function isOwnDirectory(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.isDirectory() && (!process.getuid || found.uid === process.getuid())
}

/** Whole or not at all: whoever reads it never sees a part. */
export function writeWhole(directory: string, name: string, text: string): void {
  const part = join(directory, `.${name}.part`)
  writeFileSync(part, text, { mode: 0o600 })
  renameSync(part, join(directory, name))
}

export function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Rotated away by another process meanwhile, or the directory is gone.
  }
}

/** Names and texts of the records that are there; of a directory that is not there or not ours, none. */
export function readRecords(directory: string): { name: string; text: string }[] {
  const found: { name: string; text: string }[] = []
  try {
    if (!isOwnDirectory(directory)) return []
    for (const name of readdirSync(directory)) {
      if (RECORD_FILE.test(name)) found.push({ name, text: readFileSync(join(directory, name), 'utf8') })
    }
  } catch {
    // No rights, or a file went meanwhile: what was read is there.
  }
  return found
}

/** Takes away what is old, and the oldest of what is too much. A record of a block that lasts is young. */
export function rotate(directory: string, now: number, limits: DirectoryLimits = LIMITS): void {
  const files = readdirSync(directory).flatMap((name) => {
    const found = lstatSync(join(directory, name), { throwIfNoEntry: false })
    return found?.isFile() ? [{ name, at: found.mtimeMs, size: found.size }] : []
  })
  files.sort((a, b) => b.at - a.at)
  let count = 0
  let bytes = 0
  for (const { name, at, size } of files) {
    const isRecord = RECORD_FILE.test(name)
    if (!isRecord && !name.endsWith('.part')) continue
    if (isRecord) {
      count++
      bytes += size
    }
    const isOld = now - at > (isRecord ? limits.ageMs : STALE_PART_MS)
    if (isOld || count > limits.files || bytes > limits.bytes) remove(join(directory, name))
  }
}
