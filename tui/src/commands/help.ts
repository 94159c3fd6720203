/** What there is, and each command in full. */
import { UsageError } from '../errors.ts'
import { HELP_OPTION, type Command } from './command.ts'
import { nearest } from './nearest.ts'

export function overviewHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length)) + 2
  return [
    'loopscope: what holds the event loop of a Node.js program, while it happens',
    '',
    'Usage: loopscope <command> [options]',
    '',
    'Commands:',
    ...commands.map((command) => `  ${command.name.padEnd(width)}${command.summary}`),
    '',
    'Start a program so that it can be seen:',
    '  node --import @loopscope/agent server.js',
    '',
    'loopscope <command> --help says more; loopscope --version says which this is.',
    '',
  ].join('\n')
}

export function commandHelp(command: Command): string {
  const names = Object.entries(command.options).map(([name, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `
    return [`${short}--${name}${option.value === undefined ? '' : ` ${option.value}`}`, option.about] as const
  })
  const width = Math.max(0, ...names.map(([name]) => name.length)) + 2
  const examples = Math.max(...command.examples.map(([line]) => line.length)) + 2
  return [
    `loopscope ${command.name}: ${command.summary}`,
    '',
    `Usage: loopscope ${command.usage}`,
    ...(command.notes ? ['', ...command.notes.map((note) => `  ${note}`)] : []),
    '',
    'Options:',
    ...names.map(([name, about]) => `  ${name.padEnd(width)}${about}`),
    '',
    'Examples:',
    ...command.examples.map(([line, about]) => `  ${line.padEnd(examples)}${about}`),
    '',
  ].join('\n')
}

export function unknownCommand(name: string, commands: readonly Command[]): UsageError {
  const meant = nearest(
    name,
    commands.map((command) => command.name),
  )
  return new UsageError(
    `there is no command "${name}"`,
    meant === undefined ? 'loopscope help lists them' : `did you mean: loopscope ${meant} ?`,
  )
}

export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    summary: 'this list, or one command in full',
    usage: 'help [command]',
    positionals: [0, 1],
    options: HELP_OPTION,
    examples: [['loopscope help blocks', 'what `blocks` can do']],
    run: async ({ positionals, surroundings }) => {
      const [name] = positionals
      const command = commands().find((one) => one.name === name)
      if (name !== undefined && !command) throw unknownCommand(name, commands())
      surroundings.stdout.write(command ? commandHelp(command) : overviewHelp(commands()))
      return 0
    },
  }
}
