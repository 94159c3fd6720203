/** What a benchmark can be told: each option is one row, from which parsing and help are made. */
import { parseArgs } from 'node:util'

export interface Option<T> {
  type: 'string' | 'boolean'
  /** What stands behind the name in the help: `N`, `PATH`. */
  placeholder: string
  help: string
  fallback: T
  parse: (text: string) => T | undefined
  allowed: string
}

export type Options = Record<string, Option<unknown>>
export type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never }

export function number(fallback: number, help: string, least = 0): Option<number> {
  const parse = (text: string): number | undefined => (Number(text) >= least ? Number(text) : undefined)
  return { type: 'string', placeholder: 'N', help, fallback, parse, allowed: `a number of ${least} or more` }
}

export function count(fallback: number, help: string): Option<number> {
  const parse = (text: string): number | undefined => (/^[1-9]\d*$/.test(text) ? Number(text) : undefined)
  return { type: 'string', placeholder: 'N', help, fallback, parse, allowed: 'a whole number of 1 or more' }
}

export function path(fallback: string, help: string): Option<string> {
  const parse = (text: string): string | undefined => (text === '' ? undefined : text)
  return { type: 'string', placeholder: 'PATH', help, fallback, parse, allowed: 'a path' }
}

/** Some of the names, separated by commas; all of them when it is not given. */
export function some<T extends string>(names: readonly T[], help: string): Option<readonly T[]> {
  const parse = (text: string): readonly T[] | undefined => {
    const asked = text.split(',').map((name) => name.trim())
    return asked.every((name) => (names as readonly string[]).includes(name)) ? (asked as T[]) : undefined
  }
  return { type: 'string', placeholder: 'NAMES', help, fallback: names, parse, allowed: `some of ${names.join(',')}` }
}

/** Any number of words of one form, separated by commas. */
export function list(
  fallback: readonly string[],
  form: RegExp,
  placeholder: string,
  help: string,
): Option<readonly string[]> {
  const parse = (text: string): readonly string[] | undefined => {
    const asked = text.split(',').map((word) => word.trim())
    return asked.every((word) => form.test(word)) ? asked : undefined
  }
  return { type: 'string', placeholder, help, fallback, parse, allowed: `a list such as ${placeholder}` }
}

export function flag(help: string): Option<boolean> {
  return { type: 'boolean', placeholder: '', help, fallback: false, parse: () => true, allowed: '' }
}

export class UsageError extends Error {}

export function readOptions<O extends Options>(options: O, args: readonly string[]): Values<O> {
  let given: Record<string, unknown>
  try {
    const types = Object.entries(options).map(([name, { type }]) => [name, { type }])
    given = parseArgs({ args: [...args], options: Object.fromEntries(types), allowPositionals: false }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(options)) {
    const text = given[name]
    values[name] = text === undefined ? option.fallback : option.parse(String(text))
    if (values[name] === undefined && text !== undefined) {
      throw new UsageError(`--${name} ${String(text)} is not ${option.allowed}`)
    }
  }
  return values as Values<O>
}

export function helpOf(options: Options): string {
  const rows = Object.entries(options).map(([name, { placeholder, help, fallback }]) => {
    const standard = typeof fallback === 'number' ? ` (${fallback})` : ''
    return [`  --${name}${placeholder && ` ${placeholder}`}`, help + standard] as const
  })
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, help]) => `${name.padEnd(width)}  ${help}`).join('\n')
}
