/** The black box of this process, put together: where it writes, what it says of the process, what it found from before. */
import { homedir, tmpdir } from 'node:os'
import { basename } from 'node:path'
import type { Identity } from '@loopscope/collector'
import { blackBoxDirectories, type BlackBoxRecord, type BlockRow } from '@loopscope/collector/protocol'
import type { Log } from '../../log.ts'
import type { WorkerStart } from '../messages.ts'
import { BlackBox, type HeldThread } from './box.ts'
import { inherit, startOf, type Inherited } from './inherit.ts'

export interface OpenOptions {
  start: WorkerStart
  identity: Pick<Identity, 'service' | 'pid' | 'host' | 'node' | 'agent' | 'cwd'>
  control: Int32Array
  log: Log
  now: () => number
  unixNow: () => number
}

export interface RunningBlackBox {
  held(thread: HeldThread, ms: number): void
  /** The rows of what was killed before; said once on stderr too. */
  inherit(successor: string): BlockRow[]
}

export function openBlackBox({ start, identity, control, log, now, unixNow }: OpenOptions): RunningBlackBox {
  const { service, pid, host, node, agent, cwd } = identity
  const { script } = start
  const directories = blackBoxDirectories({
    platform: process.platform,
    uid: process.getuid?.(),
    environment: process.env,
    temporaryDirectory: tmpdir(),
    homeDirectory: homeOrNothing(),
  })
  const facts: Omit<BlackBoxRecord, 'version' | 'writtenAt' | 'block'> = {
    ...{ service, pid, host, node, agent, cwd, script },
    startedAt: start.main.startedAt,
    // Options and arguments are left out: --env, --eval and what follows may hold anything.
    command: [basename(process.execPath), script].filter((part) => part !== '').join(' '),
    processStart: startOf(pid) ?? null,
  }
  const box = new BlackBox({ directories, process: facts, control, log, now, unixNow })
  return {
    held: (thread, ms) => box.held(thread, ms),
    inherit(successor) {
      const found = inherit(directories, facts, successor, unixNow())
      if (found[0]) log('warn', 'black-box-found', sentence(found[0]))
      return found.map(({ row }) => row)
    },
  }
}

function homeOrNothing(): string {
  try {
    return homedir()
  } catch {
    return '' // a user without an entry in the system's list, and no HOME
  }
}

function sentence({ record, row }: Inherited): string {
  const what =
    row.function === null ? 'a block that nobody could see into' : `${row.function} at ${row.file}:${row.line}`
  const whose = row.route === null ? '' : ` (${row.route})`
  const seconds = (row.duration / 1000).toFixed(1)
  return `the process before this one (pid ${record.pid}) was killed, or crashed, after at least ${seconds} s in ${what}${whose}; more: loopscope blocks --last`
}
