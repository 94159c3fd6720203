/** Starts a program with the agent and opens the live view on it. */
import { UsageError } from '../errors.ts'
import { runApp } from '../screen/app.ts'
import { paletteFor } from '../screen/paint.ts'
import { localSockets } from '../source/local.ts'
import { sourceOf as joinSources, type Source } from '../source/open.ts'
import { socketEndpoint } from '../source/target.ts'
import { reduce } from '../state/reduce.ts'
import { initialState } from '../state/state.ts'
import { startChild, tail, type Child } from './child.ts'
import { HELP_OPTION, type Command, type CommandContext } from './command.ts'
import { exitCodeOf } from './ending.ts'
import { familySockets } from './family.ts'
import { numberOption } from './numbers.ts'
import { repeat } from './repeat.ts'
import { sourceOptions } from './source.ts'
import { printReport } from './top.ts'

const KILL_AFTER_MS = 5000
const TAIL_LINES = 10

export const run: Command = {
  name: 'run',
  summary: 'start a program with the agent, and open the live view on it',
  usage: 'run [options] -- command [arguments]',
  positionals: [1, Infinity],
  options: {
    interval: {
      type: 'string',
      value: 'SECONDS',
      about: 'without a terminal: how often the text is printed (default 5)',
    },
    ...HELP_OPTION,
  },
  notes: [
    'Its output goes to a file, whose name and end are shown afterwards. Quitting the view ends the program;',
    'when the program ends, the view ends with its exit code. Without a terminal the overview is printed as text',
    'every five seconds, and the output of the program passes through on standard error.',
  ],
  examples: [
    ['loopscope run -- node server.js', 'a server'],
    ['loopscope run -- npm start', 'what a script starts; npm itself is left out'],
  ],
  run: async (context) => {
    const { positionals, surroundings, values } = context
    const { stdout, stdin, env, cwd } = surroundings
    if (positionals[0] === undefined)
      throw new UsageError('there is no command to run', 'loopscope run -- node server.js')
    const intervalMs = numberOption('interval', values.interval, 5, [0.5, 3600], 'seconds') * 1000
    const interactive = stdout.isTTY && stdin.isTTY
    const child = await startChild({ command: positionals, env, cwd, toFile: interactive, killAfterMs: KILL_AFTER_MS })
    // Whatever ends this process ends the program too.
    const onExit = () => (child.running() ? child.kill() : undefined)
    process.on('exit', onExit)
    try {
      const source = childSource(child, context)
      return interactive
        ? await watchOnScreen(child, source, context)
        : await watchAsText(child, source, context, intervalMs)
    } finally {
      await child.end()
      process.off('exit', onExit)
    }
  },
}

/** The sockets of the program and of what it starts, as they come and go. */
function childSource(child: Child, context: CommandContext): Source {
  const options = { ...sourceOptions(context), rescanMs: 300 }
  const command = context.positionals[0]!
  const rescan = () =>
    familySockets(localSockets(options.directory), child.pid, command).map((socket) => socketEndpoint(socket, options))
  return joinSources(rescan(), options, rescan)
}

async function watchOnScreen(child: Child, source: Source, { surroundings }: CommandContext): Promise<number> {
  const { look, env, now, stdout, stderr } = surroundings
  const over = new AbortController()
  void child.ended.then(() => over.abort())
  const ending = await runApp({ source, look, palette: paletteFor(env, look.glyphs), now, stop: over.signal })
  const endedByItself = ending.kind === 'stopped'
  if (!endedByItself) await child.end()
  const code = await child.ended
  if (ending.kind !== 'terminal-gone' && child.log !== null) {
    const lines = tail(child.log, TAIL_LINES)
    if (endedByItself && code !== 0) stderr.write(`loopscope: the program ended with code ${code}\n`)
    stdout.write(`loopscope: its output is in ${child.log}${lines.length > 0 ? ', which ends:' : ' (it is empty)'}\n`)
    stdout.write(lines.map((line) => `  ${line}\n`).join(''))
  }
  return endedByItself ? code : exitCodeOf(ending)
}

async function watchAsText(
  child: Child,
  source: Source,
  { surroundings }: CommandContext,
  intervalMs: number,
): Promise<number> {
  const { now } = surroundings
  const over = new AbortController()
  void child.ended.then(() => over.abort())
  let state = initialState(now())
  source.start((event) => {
    state = reduce({ ...state, clock: now() }, event)
  })
  const print = () => {
    if (state.now > 0) printReport({ ...state, clock: now() }, surroundings)
  }
  try {
    const code = await repeat(print, { intervalMs, forMs: Infinity }, now, over.signal)
    if (!over.signal.aborted) return code
    return await child.ended
  } finally {
    source.stop()
  }
}
