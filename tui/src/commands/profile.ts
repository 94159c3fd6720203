/** Writes what was sampled as a file that other tools open. Nothing is started: the samples are there. */
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError, UserError } from '../errors.ts'
import type { ApiFile } from '../source/endpoint.ts'
import { shortCount, shortDuration } from '../text/units.ts'
import { HELP_OPTION, TARGET_NOTES, TOKEN_OPTION, type Command, type CommandContext } from './command.ts'
import { sourceOf } from './source.ts'
import { spanOption, spanText } from './span.ts'

interface Format {
  name: string
  /** The first is the one that is written without `-o`. */
  endings: readonly string[]
  open: (file: string) => string
}

const FORMATS: readonly Format[] = [
  {
    name: 'speedscope',
    endings: ['.speedscope.json', '.json'],
    open: (file) =>
      `https://www.speedscope.app (drop the file there, it stays in the browser), or: npx speedscope ${file}`,
  },
  {
    name: 'cpuprofile',
    endings: ['.cpuprofile'],
    open: () => 'Chrome DevTools: Performance, Load profile; or Visual Studio Code',
  },
  {
    name: 'pprof',
    endings: ['.pb.gz'],
    open: (file) => `go tool pprof -http=: -tagroot=route ${file}`,
  },
]

const ENDINGS = FORMATS.flatMap((format) => format.endings).join(', ')

export const profile: Command = {
  name: 'profile',
  summary: 'what was sampled, as a flame graph for speedscope, DevTools or pprof',
  usage: 'profile [target] [options]',
  positionals: [0, 1],
  options: {
    last: { type: 'string', value: 'SPAN', about: 'of this time up to now: 30s, 5m, up to 15m (default 5m)' },
    route: { type: 'string', value: 'ROUTE', about: 'of this route alone: "GET /cart/:id"' },
    instance: { type: 'string', value: 'ID', about: 'only this instance (an id or a pid)' },
    output: { type: 'string', short: 'o', value: 'FILE', about: `where to; its ending is the format: ${ENDINGS}` },
    ...TOKEN_OPTION,
    ...HELP_OPTION,
  },
  notes: [...TARGET_NOTES, 'Without -o: one speedscope file for each process, here.'],
  examples: [
    ['loopscope profile', 'the last five minutes, for speedscope'],
    ['loopscope profile --last 1m -o slow.cpuprofile', 'the last minute, for Chrome DevTools'],
    ['loopscope profile shop-api --route "GET /cart/:id" -o cart.pb.gz', 'one route, for pprof'],
  ],
  run: async (context) => {
    const { values, surroundings } = context
    const last = spanOption('last', values.last, 300)
    const output = outputOf(context)
    const source = await sourceOf(context)
    const query = new URLSearchParams({ last: String(last), format: output.format.name })
    if (typeof values.route === 'string') query.set('route', values.route)
    if (source.instance !== undefined) query.set('instance', source.instance)
    const answers = await source.fetchFiles(`profile?${query.toString()}`)
    const files = answers.flatMap((answer) => (answer instanceof UserError ? [] : [answer]))
    if (files.length === 0) throw worst(answers.filter((answer) => answer instanceof UserError))
    if (files.length > 1 && output.file !== undefined) {
      const labels = files.map((file) => file.endpoint.label).join(', ')
      throw new UserError(
        `${files.length} processes have samples: ${labels}`,
        'name one, or leave -o out: one file each',
      )
    }
    for (const file of files) {
      const path = output.file ?? join(output.directory, file.name ?? `loopscope${output.format.endings[0]!}`)
      write(path, file.bytes)
      surroundings.stdout.write(`${path}: ${contents(file)} in the last ${spanText(last)}\n`)
      surroundings.stdout.write(`  open it with ${output.format.open(path)}\n`)
    }
    return 0
  },
}

interface Output {
  format: Format
  /** Exactly this file; otherwise by the server's name, in the directory. */
  file?: string
  directory: string
}

function outputOf({ values: { output } }: CommandContext): Output {
  const [speedscope] = FORMATS
  if (typeof output !== 'string') return { format: speedscope!, directory: '.' }
  if (existsSync(output) && statSync(output).isDirectory()) return { format: speedscope!, directory: output }
  const format = FORMATS.find(({ endings }) => endings.some((ending) => output.endsWith(ending)))
  if (format) return { format, file: output, directory: '.' }
  throw new UsageError(`-o is "${output}", whose ending is no format`, `it must end in one of ${ENDINGS}`)
}

/** What somebody can act on comes before that there is nothing. */
function worst(errors: UserError[]): UserError {
  const isNothing = (error: UserError) => error.message.startsWith('there is no sample')
  return (
    errors.find((error) => !isNothing(error)) ??
    errors[0] ??
    new UserError('no server to ask', 'start a program with: node --import @loopscope/agent')
  )
}

function contents({ headers }: ApiFile): string {
  const samples = Number(headers['x-loopscope-samples'])
  const busy = Number(headers['x-loopscope-busy-ms'])
  return `${shortCount(samples)} ${samples === 1 ? 'sample' : 'samples'} of ${shortDuration(busy)} busy`
}

function write(path: string, bytes: Buffer): void {
  try {
    writeFileSync(path, bytes)
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error), 'name another file with -o FILE')
  }
}
