/** What is run with captures and without: each leaves text, files and an exit code that can be compared byte for byte. */
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ROOT } from '../support/server.ts'

export interface SafetyProgram {
  about: string
  cwd: string
  /** Arguments of node; `out` is an empty folder for what it writes. */
  args(out: string): readonly string[]
  /** Without the agent's hooks, which the program would print: captures are what is tested. */
  hasNoHooks?: true
  /** Takes out of its text what differs from run to run. */
  plain?(text: string): string
}

const module = (path: string): string => join(ROOT, 'node_modules', path)
const TYPESCRIPT = module('typescript/lib/typescript.js')
const FASTIFY = dirname(createRequire(import.meta.url).resolve('fastify/package.json'))

export const PROGRAMS = {
  torture: {
    about: 'what a capture could change, one check for each',
    cwd: ROOT,
    args: () => [join(ROOT, 'agent/bench/safety/torture.js')],
  },
  prettier: {
    about: 'formats the sources of this repository',
    cwd: ROOT,
    args: () => [module('prettier/bin/prettier.cjs'), 'agent', 'collector', 'tui', 'dashboards', 'examples', 'scripts'],
  },
  typescript: {
    about: 'checks and compiles them, with declarations and source maps',
    cwd: ROOT,
    args: (out) => [
      module('typescript/bin/tsc'),
      ...['-p', 'tsconfig.check.json', '--noEmit', 'false', '--rewriteRelativeImportExtensions', 'true'],
      ...['--declaration', '--sourceMap', '--listFiles', '--outDir', out],
    ],
  },
  terser: {
    about: 'compresses the TypeScript compiler, 9 MB',
    cwd: ROOT,
    args: (out) => [module('terser/bin/terser'), TYPESCRIPT, '--compress', '--mangle', '-o', join(out, 'min.js')],
  },
  fastify: {
    about: "Fastify's own tests, those whose packages are installed here",
    cwd: FASTIFY,
    // They print all hooks of a route, and whole responses with all their listeners.
    hasNoHooks: true,
    args: () => ['--test', '--test-concurrency=2', '--test-timeout=60000', '--test-reporter=tap', ...fastifyTests()],
    plain: plainTap,
  },
} satisfies Record<string, SafetyProgram>

export type ProgramName = keyof typeof PROGRAMS
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as ProgramName[]

/** The published package has its tests, but not what they need beside Fastify: those that need more are left out. */
export function fastifyTests(): string[] {
  const require = createRequire(join(FASTIFY, 'package.json'))
  const known = new Map<string, boolean>()
  const isThere = (name: string): boolean => {
    try {
      require.resolve(name)
      return true
    } catch {
      return false
    }
  }
  const canRun = (file: string): boolean => {
    const before = known.get(file)
    if (before !== undefined) return before
    known.set(file, true)
    const needs = [...readFileSync(file, 'utf8').matchAll(/require\('([^']+)'\)/g)].map(([, name]) => name!)
    const can = needs.every((name) => {
      if (!name.startsWith('.')) return name.startsWith('node:') || isThere(name)
      const own = join(dirname(file), name.endsWith('.js') ? name : `${name}.js`)
      return !own.includes('/test/') || !globSync(own).length || canRun(own)
    })
    known.set(file, can)
    return can
  }
  return globSync('test/**/*.test.js', { cwd: FASTIFY })
    .sort()
    .filter((file) => canRun(join(FASTIFY, file)))
}

/**
 * Without times and ports. Without the frames of Node itself: which of its functions runs a continuation depends on what
 * else is due in the same turn, and the agent's tick is. What the tests say on stderr (`# …`) comes at no certain place
 * among their results: at the end.
 */
function plainTap(text: string): string {
  const lines = text
    .replace(/duration_ms:? [\d.]+/g, 'duration')
    .replace(/"(time|pid|responseTime)":[\d.]+/g, '"$1"')
    .replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'date')
    .replace(/^ *(?:\S.* )?\(node:internal\/.*\)\n/gm, '')
    .replace(/(127\.0\.0\.1|localhost|\[::1\]):\d+/g, '$1:port')
    .split('\n')
  const isSaid = (line: string): boolean => line.startsWith('# ') && !line.startsWith('# Subtest: ')
  return [...lines.filter((line) => !isSaid(line)), ...lines.filter(isSaid).sort()].join('\n')
}
