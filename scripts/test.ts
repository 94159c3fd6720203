/**
 * `npm test`: every test of the repository in one run of Node's own runner, whose summary and exit code are the last word.
 *
 *   node scripts/test.ts                     all
 *   node scripts/test.ts blocks agent/test   the files whose path has one of these in it
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** In this order: what is small and names its fault comes before what starts programs. */
const FILES = [
  'scripts/**/*.test.ts',
  'collector/src/**/*.test.ts',
  'agent/src/**/*.test.ts',
  'tui/**/*.test.ts',
  'dashboards/src/**/*.test.ts',
  'agent/test/**/*.test.ts',
  'agent/bench/**/*.test.ts',
  'examples/**/*.test.ts',
]

const LONGEST_MS = 15 * 60_000

const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `These tests need Node 24, this is ${process.version}: run them by "npm test", which takes the Node of node_modules`,
  )
  process.exit(1)
}

const wanted = process.argv.slice(2)
const exclude = (path: string): boolean => path.endsWith('node_modules') || path.endsWith('dist')
const files = FILES.flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude }).sort()).filter(
  (path) => wanted.length === 0 || wanted.some((part) => path.includes(part)),
)
if (files.length === 0) {
  console.error(wanted.length === 0 ? 'There are no tests' : `No test file has ${wanted.join(' or ')} in its path`)
  process.exit(1)
}

// Two at once: most files wait for programs that they have started. A test that hangs is ended, not waited for.
const options = ['--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=180000']
const runner = spawn(process.execPath, [...options, ...files], { cwd: ROOT, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
// A file whose process does not end has no time limit in the runner: it names those files when it is interrupted.
const guard = setTimeout(() => {
  console.error(`Not done within ${LONGEST_MS / 60_000} minutes: interrupted`)
  runner.kill('SIGINT')
}, LONGEST_MS)
runner.on('exit', (code, signal) => {
  clearTimeout(guard)
  process.exitCode = signal === null ? (code ?? 1) : 1
})
