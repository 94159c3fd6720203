/** The frame of every benchmark: options, help, progress on stderr, one table or one JSON object, clean ends. */
import { availableParallelism, cpus } from 'node:os'
import { Children } from './children.ts'
import { flag, helpOf, readOptions, UsageError, type Options, type Values } from './options.ts'

export interface Run<O extends Options> {
  options: Values<O>
  children: Children
  /** One line on stderr that the next one overwrites. */
  progress: (text: string) => void
}

export interface Report {
  /** The figures: a part of the JSON object. */
  data: Record<string, unknown>
  text: string
  /** What was aimed at and not reached; with --check the exit code says so. */
  missed?: readonly string[]
}

export interface Bench<O extends Options> {
  name: string
  summary: string
  options: O
  examples: readonly string[]
  run(run: Run<O>): Promise<Report>
}

/** What every benchmark knows. */
const COMMON = {
  json: flag('print one JSON object instead of a table'),
  check: flag('exit with code 1 if an aim is missed by more than the tolerance'),
  help: flag('print this'),
}

const EXIT = { missed: 1, usage: 2, failed: 3 } as const
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export async function runBench<O extends Options>(bench: Bench<O>): Promise<void> {
  const all = { ...bench.options, ...COMMON }
  let options: Values<O & typeof COMMON>
  try {
    options = readOptions(all, process.argv.slice(2)) as Values<O & typeof COMMON>
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${bench.name}: ${error.message}\nTry --help.`)
    process.exitCode = EXIT.usage
    return
  }
  if (options.help) {
    const examples = bench.examples.map((line) => `  ${line}`).join('\n')
    console.log(
      `${bench.summary}\n\nUsage: npm run bench:${bench.name} -- [options]\n\n${helpOf(all)}\n\nExamples:\n${examples}`,
    )
    return
  }

  const children = new Children()
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      children.killAll()
      process.exit(code)
    })
  }
  const progress = createProgress(bench.name)
  try {
    const report = await bench.run({ options: options as Values<O>, children, progress })
    progress('')
    const missed = report.missed ?? []
    if (options.json) console.log(JSON.stringify({ bench: bench.name, ...machine(), ...report.data, missed }))
    else
      console.log(
        `${report.text}${missed.length === 0 ? '' : `\n\nMissed:\n${missed.map((line) => `  ${line}`).join('\n')}`}`,
      )
    if (options.check && missed.length > 0) process.exitCode = EXIT.missed
  } catch (error) {
    progress('')
    console.error(`bench:${bench.name}: ${(error as Error).message}`)
    process.exitCode = EXIT.failed
  } finally {
    children.killAll()
  }
}

function createProgress(name: string): (text: string) => void {
  const isTerminal = process.stderr.isTTY
  return (text) => {
    if (isTerminal) process.stderr.write(`\r\x1b[K${text === '' ? '' : `bench:${name}: ${text}`}`)
    else if (text !== '') process.stderr.write(`bench:${name}: ${text}\n`)
  }
}

function machine(): Record<string, unknown> {
  const cpu = cpus()[0]?.model ?? 'unknown'
  const at = new Date().toISOString()
  return {
    at,
    node: process.versions.node,
    machine: { platform: process.platform, arch: process.arch, cpu, cores: availableParallelism() },
  }
}
