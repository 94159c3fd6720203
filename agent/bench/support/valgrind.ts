/** A server under valgrind's callgrind: every instruction of it is counted, from when it is warm. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseCallgrind, PerfMap, type Profile } from './callgrind.ts'
import type { Children } from './children.ts'
import { serverFile, startServer } from './server.ts'

const run = promisify(execFile)

/** V8 without threads of its own and without chance, so that a program repeats itself to 0.3 %. */
const V8 = ['--single-threaded', '--random-seed=1', '--hash-seed=1']

export interface Counted {
  /** The thread that runs the program. */
  main: Profile
  /** All others that ran, among them the agent's worker. */
  others: Profile[]
  map: PerfMap
  /** How long the counted part took, in seconds of the slow program. */
  seconds: number
}

export function requireValgrind(): void {
  if (spawnSync('valgrind', ['--version']).status === 0) return
  throw new Error('valgrind is not there. On Debian: `apt-get install valgrind`; or leave this benchmark out.')
}

export interface CountOptions {
  name: string
  node: string
  preload: readonly string[]
  environment: NodeJS.ProcessEnv
  /** Sends so many requests; the counting begins after `warmUp` and `settle` of them. */
  send: (port: number, requests: number) => Promise<unknown>
  warmUp: number
  requests: number
}

/** The first requests after counting has begun are slower: valgrind translates everything again. */
const SETTLE_SHARE = 0.1

export async function countInstructions(children: Children, options: CountOptions): Promise<Counted> {
  const { name, node, preload, environment, send, warmUp, requests } = options
  const directory = mkdtempSync(join(tmpdir(), 'loopscope-callgrind-'))
  try {
    const out = join(directory, 'out')
    const flags = ['--smc-check=all-non-file', '--instr-atstart=no', '--separate-threads=yes', '--dump-instr=yes']
    const server = await startServer(children, {
      name,
      node,
      prefix: ['valgrind', '--tool=callgrind', ...flags, `--callgrind-out-file=${out}`],
      nodeArgs: [
        ...V8,
        '--perf-basic-prof',
        `--perf-basic-prof-path=${directory}`,
        '--import',
        serverFile('slow-clock'),
        ...preload,
      ],
      environment,
    })
    const control = (...args: string[]): Promise<unknown> => run('callgrind_control', [...args, String(server.pid)])
    await send(server.port, warmUp)
    await control('-i', 'on')
    await send(server.port, Math.max(1, Math.round(requests * SETTLE_SHARE)))
    await control('-z')
    const began = performance.now()
    await send(server.port, requests)
    const seconds = (performance.now() - began) / 1000
    await control('-d')
    const files = readdirSync(directory)
    const read = (file: string): string => readFileSync(join(directory, file), 'utf8')
    // out.1-01: the first dump, the first thread.
    const dumps = files.filter((file) => file.startsWith('out.1-')).sort()
    const map = files.find((file) => file.endsWith('.map'))
    if (dumps.length === 0 || map === undefined) throw new Error(`callgrind wrote nothing (${files.join(', ')})`)
    const [main, ...others] = dumps.map((file) => parseCallgrind(read(file)))
    const counted = { main: main!, others, map: new PerfMap(read(map)), seconds }
    await server.stop()
    return counted
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
