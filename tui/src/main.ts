/** From the command line to a command, and from what went wrong to one clear line. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { toParseOptions, type Command, type Surroundings } from './commands/command.ts'
import { commandHelp, overviewHelp, unknownCommand } from './commands/help.ts'
import { COMMANDS } from './commands/index.ts'
import { nearest } from './commands/nearest.ts'
import { UsageError, UserError } from './errors.ts'
import { glyphsFor } from './text/glyphs.ts'
import { sanitise } from './text/sanitise.ts'

/** @returns the exit code: 0 well, 1 it failed, 2 the command line is wrong */
export async function main(args: string[], surroundings: Surroundings): Promise<number> {
  try {
    return await dispatch(args, surroundings)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    surroundings.stderr.write(`loopscope: ${sanitise(error.message)}; ${sanitise(error.remedy)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function dispatch(args: string[], surroundings: Surroundings): Promise<number> {
  const [name, ...rest] = args
  const { stdout } = surroundings
  if (name === undefined || name === '--help' || name === '-h') {
    stdout.write(overviewHelp(COMMANDS))
    return 0
  }
  if (name === '--version' || name === '-v') {
    stdout.write(`${version()}\n`)
    return 0
  }
  if (name.startsWith('-'))
    throw new UsageError(`the command comes first, then ${name}`, 'loopscope help lists the commands')
  const command = COMMANDS.find((one) => one.name === name)
  if (!command) throw unknownCommand(name, COMMANDS)
  const { values, positionals } = parse(command, rest)
  if (values.help === true) {
    stdout.write(commandHelp(command))
    return 0
  }
  const [fewest, most] = command.positionals
  if (positionals.length > most)
    throw new UsageError(`"${positionals[most]!}" is too much`, `usage: loopscope ${command.usage}`)
  if (positionals.length < fewest)
    throw new UsageError(`loopscope ${name} needs more`, `usage: loopscope ${command.usage}`)
  return command.run({ values, positionals, surroundings })
}

function parse(command: Command, args: string[]) {
  const options = toParseOptions(command.options)
  // What stands after `--` belongs to the program that `run` starts, whatever it looks like.
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true })
    return { values: values as Record<string, string | boolean | undefined>, positionals }
  } catch (error) {
    throw optionError(command, args, error as NodeJS.ErrnoException)
  }
}

function optionError(command: Command, args: string[], error: NodeJS.ErrnoException): UsageError {
  const known = Object.keys(command.options)
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  const usage = `usage: loopscope ${command.usage}`
  if (error.code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const message = error.message.split('\n')[0]!.replace(/\.$/, '')
    return new UsageError(message.charAt(0).toLowerCase() + message.slice(1), usage)
  }
  const wrong =
    own.find((one) => one.startsWith('-') && !known.includes(one.replace(/^-+/, '').split('=')[0]!)) ?? 'this option'
  if (command.name === 'run')
    return new UsageError(`loopscope run has no option ${wrong}`, `if it is the program's: ${usage}`)
  const meant = nearest(wrong.replace(/^-+/, '').split('=')[0]!, known)
  return new UsageError(
    `loopscope ${command.name} has no option ${wrong}`,
    meant === undefined ? usage : `did you mean --${meant} ?`,
  )
}

export function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}

/** The composition root: everything that comes from the process, once. */
export async function runProcess(): Promise<void> {
  const { stdout, stderr, stdin, env } = process
  const cwd = process.cwd()
  const look = { glyphs: glyphsFor(env, process.platform), cwd }
  for (const stream of [stdout, stderr]) stream.on('error', endQuietly)
  try {
    process.exitCode = await main(process.argv.slice(2), { stdout, stderr, stdin, env, cwd, now: Date.now, look })
  } catch (error) {
    stderr.write(`loopscope: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = 1
  }
}

/** The reader of the pipe has left (head, less): not an error of ours. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || error.code === 'EIO') process.exit()
  throw error
}
