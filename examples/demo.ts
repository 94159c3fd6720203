/**
 * `npm run demo`: a real server with real troubles under the agent, load on it, and loopscope's view of it. Leaves
 * nothing behind: not on quitting, not on Ctrl-C, not when a part crashes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PartError } from './demo/part.ts'
import { play } from './demo/play.ts'
import { startReaper } from './demo/reaper.ts'
import { createUndo } from './demo/undo.ts'

const HELP = `Usage: npm run demo [-- options]

Starts PostgreSQL, an example server as \`node --import agent server.js\`, a mixed load, and loopscope on it.
With a terminal that is the UI (q quits); without one, text for a while.

  --fastify      the Fastify server; Express otherwise
  --text         text also in a terminal
  --seconds N    for how long the text goes on (default 20)
  --help         this text
`

interface Options {
  framework: 'express' | 'fastify'
  textSeconds: number | null
  help: boolean
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      fastify: { type: 'boolean', default: false },
      text: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  })
  const seconds = Number(values.seconds)
  if (!(seconds >= 1 && seconds <= 3600)) {
    throw new Error(`--seconds is ${JSON.stringify(values.seconds)}; it must be a number from 1 to 3600.`)
  }
  const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  return {
    framework: values.fastify ? 'fastify' : 'express',
    textSeconds: terminal && !values.text ? null : seconds,
    help: values.help,
  }
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
}

/** @returns the exit code */
async function demo({ framework, textSeconds }: Options): Promise<number> {
  const signal = nextSignal()
  const say = (line: string) => process.stderr.write(`demo: ${line}\n`)
  const root = join(import.meta.dirname, '..')
  const directory = mkdtempSync(join(tmpdir(), 'loopscope-demo-'))
  const scratch = mkdtempSync(join(directory, 'shop-'))
  const undo = createUndo()
  const stage = { root, directory, scratch, framework, textSeconds, say, undo }
  const beginReaper = async () => startReaper(directory)
  const played = undo
    .start('reaper', beginReaper, (reaper) => reaper.dismiss())
    .then((reaper) => play({ ...stage, reaper }))
    .then(
      () => null,
      (error: unknown) => error ?? new Error('it failed and did not say why'),
    )
  const outcome = await Promise.race([played, signal])
  for (const problem of await undo.run()) say(problem)
  rmSync(scratch, { recursive: true, force: true })
  if (outcome === null || typeof outcome === 'string') {
    rmSync(directory, { recursive: true, force: true })
    return outcome === null ? 0 : 128 + constants.signals[outcome as NodeJS.Signals]
  }
  say(outcome instanceof PartError ? outcome.message : outcome instanceof Error ? outcome.stack! : String(outcome))
  say(`the logs are in ${directory}`)
  return 1
}

// The terminal may be gone (SIGHUP): there is still something to clean up then.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

let options: Options | null = null
try {
  options = readOptions()
} catch (error) {
  process.stderr.write(`demo: ${(error as Error).message}\nTry --help.\n`)
}
if (options?.help) process.stdout.write(HELP)
else process.exit(options ? await demo(options) : 2)
