/** What can be configured: environment > loopscope.config.json (found upwards) > defaults. A wrong value is one clear line. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Config {
  listen: string
  collector: string | undefined
  token: string | undefined
  blockMs: number
  level: 'minimal' | 'normal'
  layers: 'off' | 'sampled' | 'all'
  context: 'auto' | 'on' | 'off'
  disable: string[]
  log: 'error' | 'warn' | 'info' | 'debug'
}

interface Option {
  key: keyof Config
  environment: string
  fallback: (environment: NodeJS.ProcessEnv) => unknown
  /** The value, or undefined when it is out of what is allowed. */
  parse: (text: string) => unknown
  allowed: string
}

const oneOf =
  (...values: string[]) =>
  (text: string): string | undefined =>
    values.includes(text) ? text : undefined

function parseListen(text: string): string | undefined {
  if (text === 'off' || text === 'unix') return text
  const port = /^(?:.*:)?(\d+)$/.exec(text)?.[1]
  if (port === undefined || Number(port) > 65535) return undefined
  return text.includes(':') ? text : `127.0.0.1:${text}`
}

function parseNames(text: string): string[] | undefined {
  const names = text.split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  return given.every((name) => /^(\*|[\w@/.:-]+)$/.test(name)) ? given : undefined
}

export const OPTIONS: readonly Option[] = [
  {
    key: 'listen',
    environment: 'LOOPSCOPE_LISTEN',
    fallback: () => '127.0.0.1:9464',
    parse: parseListen,
    allowed: 'HOST:PORT, PORT, "unix" or "off"',
  },
  {
    key: 'collector',
    environment: 'LOOPSCOPE_COLLECTOR',
    fallback: () => undefined,
    parse: (text) => (/^wss?:\/\/./.test(text) ? text : undefined),
    allowed: 'a ws:// or wss:// URL',
  },
  {
    key: 'token',
    environment: 'LOOPSCOPE_TOKEN',
    fallback: () => undefined,
    parse: (text) => (/^[\x21-\x7e]+$/.test(text) ? text : undefined),
    allowed: 'printable characters without spaces',
  },
  {
    key: 'blockMs',
    environment: 'LOOPSCOPE_BLOCK_MS',
    fallback: (environment) => (environment['NODE_ENV'] === 'production' ? 50 : 20),
    parse: (text) => (Number(text) >= 5 && Number(text) <= 60_000 ? Number(text) : undefined),
    allowed: 'a number of ms from 5 to 60000',
  },
  {
    key: 'level',
    environment: 'LOOPSCOPE_LEVEL',
    fallback: () => 'normal',
    parse: oneOf('minimal', 'normal'),
    allowed: '"minimal" or "normal"',
  },
  {
    key: 'layers',
    environment: 'LOOPSCOPE_LAYERS',
    fallback: () => 'sampled',
    parse: oneOf('off', 'sampled', 'all'),
    allowed: '"off", "sampled" or "all"',
  },
  {
    key: 'context',
    environment: 'LOOPSCOPE_CONTEXT',
    fallback: () => 'auto',
    parse: oneOf('auto', 'on', 'off'),
    allowed: '"auto", "on" or "off"',
  },
  {
    key: 'disable',
    environment: 'LOOPSCOPE_DISABLE',
    fallback: () => [],
    parse: parseNames,
    allowed: 'names of instrumentations, separated by commas, or "*"',
  },
  {
    key: 'log',
    environment: 'LOOPSCOPE_LOG',
    fallback: () => 'warn',
    parse: oneOf('error', 'warn', 'info', 'debug'),
    allowed: '"error", "warn", "info" or "debug"',
  },
]

export interface Loaded {
  config: Config
  /** One line for each value that could not be taken. */
  problems: string[]
}

export function loadConfig(environment: NodeJS.ProcessEnv, directory: string): Loaded {
  const problems: string[] = []
  const file = readConfigFile(directory, problems)
  for (const key of Object.keys(file.values)) {
    if (OPTIONS.some((option) => option.key === key)) continue
    const known = OPTIONS.map((option) => option.key).join(', ')
    problems.push(`${file.path}: unknown key "${key}"; known are ${known}`)
  }
  const config: Record<string, unknown> = {}
  for (const option of OPTIONS) {
    config[option.key] = option.fallback(environment)
    const text = environment[option.environment]
    const inFile = file.values[option.key]
    const [given, where] =
      text !== undefined && text !== ''
        ? [text, option.environment]
        : inFile !== undefined && inFile !== null
          ? [textOf(inFile), `${file.path}: ${option.key}`]
          : [undefined, '']
    if (given === undefined) continue
    const value = option.parse(given)
    if (value !== undefined) config[option.key] = value
    else {
      const shown = option.key === 'token' ? '(hidden)' : JSON.stringify(given)
      problems.push(`${where}=${shown} is not ${option.allowed}; using ${JSON.stringify(config[option.key]) ?? 'none'}`)
    }
  }
  return { config: config as unknown as Config, problems }
}

/** A value of the file as it would stand in the environment; what cannot stand there is no allowed value either. */
function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function readConfigFile(directory: string, problems: string[]): { path: string; values: Record<string, unknown> } {
  for (let at = directory; ; at = dirname(at)) {
    const path = join(at, 'loopscope.config.json')
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch {
      if (dirname(at) === at) return { path: '', values: {} }
      continue
    }
    try {
      const values: unknown = JSON.parse(text)
      if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
        return { path, values: values as Record<string, unknown> }
      }
      problems.push(`${path} is not a JSON object; using the defaults`)
    } catch (error) {
      problems.push(`${path} is not valid JSON (${(error as Error).message}); using the defaults`)
    }
    return { path, values: {} }
  }
}
