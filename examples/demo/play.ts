/** The demo itself: database, server, load, and loopscope on top of them. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../shop/postgres.js'
import { failure, PartError, startPart, type Part } from './part.ts'
import type { Reaper } from './reaper.ts'
import type { Undo } from './undo.ts'

const SERVER_READY_MS = 15_000
/** So that the first screen has something to show. */
const WARM_UP_MS = 1500
/** A demo that was forgotten in a terminal does not load the machine for ever. */
const LONGEST_SECONDS = 3600

export interface Stage {
  root: string
  /** For log files. */
  directory: string
  /** For what the server needs while it runs. */
  scratch: string
  framework: 'express' | 'fastify'
  /** null: the terminal UI. Otherwise text for this many seconds. */
  textSeconds: number | null
  say(line: string): void
  undo: Undo
  reaper: Reaper
}

/** Resolves when the person has seen enough; rejects with a PartError when a part fails. */
export async function play(stage: Stage): Promise<void> {
  const { undo, say, directory, framework, textSeconds } = stage
  const log = (name: string) => join(directory, `${name}.log`)
  const node = async (name: string, args: string[], options: { env?: NodeJS.ProcessEnv; terminal?: true } = {}) => {
    const { env, terminal } = options
    const start = () =>
      startPart({ name, args, cwd: stage.root, log: terminal ? null : log(name), ...(env && { env }) })
    const part = await undo.start(name, start, (part) => part.stop())
    stage.reaper.watch(part.pid)
    return part
  }

  say('postgres   starting a real one, in a temp directory')
  const postgres = await undo.start('postgres', startPostgres, (database) => database.stop())

  say(`server     node --import agent examples/${framework}/server.js`)
  const server = await node('server', ['--import', 'agent', `examples/${framework}/server.js`], {
    env: { DATABASE_URL: postgres.url, PORT: '0', SHOP_TEMP: stage.scratch },
  })
  const [, url = ''] = await server.says(/^listening on (http:\S+)$/m, SERVER_READY_MS)

  say(`load       about 150 requests a second on ${url}`)
  const seconds = textSeconds === null ? LONGEST_SECONDS : textSeconds + 60
  const load = await node('load', ['examples/load.js', url, '--seconds', String(seconds)])

  const failures = [
    postgres.exited.then(() => Promise.reject(new PartError('postgres ended unexpectedly', null))),
    failure(server, log('server')),
    failure(load, log('load'), ({ code }) => code === 0),
  ]
  const show = async () => {
    await sleep(WARM_UP_MS)
    const text = textSeconds === null ? [] : ['--watch', '--for', String(textSeconds)]
    say(`loopscope  top ${[server.pid, ...text].join(' ')}`)
    await finished(
      await node('loopscope', ['tui/bin/loopscope.js', 'top', `${server.pid}`, ...text], { terminal: true }),
    )
  }
  await Promise.race([show(), ...failures])
}

async function finished(viewer: Part): Promise<void> {
  const { code, signal } = await viewer.ended
  if (code === 0) return
  throw new PartError(`loopscope top ended with ${signal ?? `exit code ${code}`}`, null)
}
