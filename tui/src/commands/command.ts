/** The shape of every command. */
import type { ParseArgsOptionDescriptor } from 'node:util'
import type { Look } from '../views/screenful.ts'

export interface Option {
  type: 'string' | 'boolean'
  short?: string
  /** What its value is, in the help: `N`, `DIR`. */
  value?: string
  about: string
}

export interface Input {
  /** What is given after the options; for `run` also what stands after `--`. */
  positionals: string[]
  values: Record<string, string | boolean | undefined>
}

/** What a command gets from the process that it runs in. */
export interface Surroundings {
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  stdin: NodeJS.ReadStream
  env: Record<string, string | undefined>
  cwd: string
  now: () => number
  look: Look
}

export interface CommandContext extends Input {
  surroundings: Surroundings
}

export interface Command {
  name: string
  /** One line. */
  summary: string
  /** Without the name of the program: `top [target] [options]`. */
  usage: string
  options: Record<string, Option>
  examples: readonly (readonly [line: string, about: string])[]
  /** Fewest and most positionals. */
  positionals: readonly [number, number]
  /** More about it, in the help. */
  notes?: readonly string[]
  /** @returns the exit code */
  run: (context: CommandContext) => Promise<number>
}

export function toParseOptions(options: Record<string, Option>): Record<string, ParseArgsOptionDescriptor> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
  )
}

export const HELP_OPTION: Record<string, Option> = { help: { type: 'boolean', about: 'this text' } }

export const TOKEN_OPTION: Record<string, Option> = {
  token: { type: 'string', value: 'TOKEN', about: 'bearer token of the server (default: LOOPSCOPE_TOKEN)' },
}

export const TARGET_NOTES = [
  'target: an address (http://127.0.0.1:9464, host:port), a pid, or the name of a service on this machine.',
  'Without one: all local processes that run with loopscope.',
] as const
