/** The terminal UI; without a terminal the overview as text. */
import { contextFor, type ViewContext } from '../views/context.ts'
import { report } from '../views/report.ts'
import { line } from '../views/line.ts'
import { connection, shown, type State } from '../state/state.ts'
import { runApp } from '../screen/app.ts'
import { paletteFor } from '../screen/paint.ts'
import type { Source } from '../source/open.ts'
import {
  HELP_OPTION,
  TARGET_NOTES,
  TOKEN_OPTION,
  type Command,
  type CommandContext,
  type Surroundings,
} from './command.ts'
import { exitCodeOf } from './ending.ts'
import { follow } from './follow.ts'
import { numberOption } from './numbers.ts'
import { outputWidth, printLines } from './print.ts'
import { repeat } from './repeat.ts'
import { ANSWER_TIMEOUT_MS, sourceOf } from './source.ts'

/** Rows of each table in the text. */
const TEXT_ROWS = 10

export const top: Command = {
  name: 'top',
  summary: 'the live view: is the loop healthy, what blocks it, who suffers',
  usage: 'top [target] [options]',
  positionals: [0, 1],
  options: {
    watch: { type: 'boolean', about: 'text instead of the UI, again and again' },
    interval: { type: 'string', value: 'SECONDS', about: 'how often the text is printed (default 5)' },
    for: { type: 'string', value: 'SECONDS', about: 'text for this long, then end' },
    instance: { type: 'string', value: 'ID', about: 'only this instance (an id or a pid)' },
    ...TOKEN_OPTION,
    ...HELP_OPTION,
  },
  notes: [...TARGET_NOTES, 'Without a terminal (a pipe, CI) the overview is printed as text, once.'],
  examples: [
    ['loopscope top', 'all local processes'],
    ['loopscope top 127.0.0.1:9464', 'the one that serves there'],
    ['loopscope top shop-api', 'the local processes of this service'],
    ['loopscope top 4711 --for 20', 'text for 20 seconds, then end'],
  ],
  run: async (context) => {
    const { surroundings, values } = context
    const { stdout, stdin } = surroundings
    const intervalMs = numberOption('interval', values.interval, 5, [0.5, 3600], 'seconds') * 1000
    const forMs = numberOption('for', values.for, Infinity, [0, 86_400], 'seconds') * 1000
    const repeated = values.watch === true || values.for !== undefined || values.interval !== undefined
    const source = await sourceOf(context)
    if (stdout.isTTY && stdin.isTTY && !repeated) return showScreen(source, surroundings)
    return printReports(source, context, { intervalMs, forMs: repeated ? forMs : 0 })
  },
}

async function showScreen(source: Source, surroundings: Surroundings): Promise<number> {
  const { look, env, now } = surroundings
  const ending = await runApp({ source, look, palette: paletteFor(env, look.glyphs), now })
  return exitCodeOf(ending)
}

async function printReports(
  source: Source,
  { surroundings }: CommandContext,
  rhythm: { intervalMs: number; forMs: number },
): Promise<number> {
  const followed = follow(source, surroundings.now, ANSWER_TIMEOUT_MS)
  try {
    await followed.first
    return await repeat(() => printReport(followed.state(), surroundings), rhythm, surroundings.now)
  } finally {
    followed.stop()
  }
}

/** Printed on every round, also by `run` without a terminal. */
export function printReport(state: State, surroundings: Surroundings): void {
  const { look } = surroundings
  const link = connection(state)
  const context: ViewContext = contextFor(shown(state), look.glyphs, look.cwd)
  const stale =
    link.kind === 'lost' || link.kind === 'none'
      ? [line(`${look.glyphs.ring} these figures are old; ${link.reason ?? 'nobody is there any more'}`)]
      : []
  printLines(
    [...stale, ...report(context, { width: outputWidth(surroundings), limit: TEXT_ROWS }), line()],
    surroundings,
  )
}
