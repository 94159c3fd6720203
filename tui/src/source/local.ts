/** Local processes are found through the directory of sockets that the protocol defines: one for each process, named by its pid. */
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { socketDirectory as directoryAt, socketPath as pathAt, type LocalPlace } from '@loopscope/collector/protocol'

type Environment = Record<string, string | undefined>

function here(environment: Environment): LocalPlace {
  return { platform: process.platform, uid: process.getuid?.(), environment, temporaryDirectory: tmpdir() }
}

/** Belongs to one user; another's processes are not looked for. */
export function socketDirectory(environment: Environment = process.env): string {
  return directoryAt(here(environment))
}

export function socketPath(pid: number, environment: Environment = process.env): string {
  return pathAt(pid, here(environment))
}

export interface LocalSocket {
  pid: number
  path: string
}

/** The sockets that are there now, by pid. One may be left over from a process that was killed. */
export function localSockets(directory: string): LocalSocket[] {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch {
    return []
  }
  return names
    .filter((name) => /^[1-9]\d*\.sock$/.test(name))
    .map((name) => ({ pid: Number.parseInt(name, 10), path: join(directory, name) }))
    .sort((a, b) => a.pid - b.pid)
}
