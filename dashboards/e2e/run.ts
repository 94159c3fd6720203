/**
 * `npm run test:e2e`: the generated rules with promtool, and the dashboard and the alerts with a real Prometheus that
 * scrapes a real server under load; and the demo. Ends on the test runner's own summary. About two minutes.
 */
import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { installPrometheus } from './install-prometheus.ts'

const directories = ['./', '../../examples/', '../../agent/test/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

try {
  await installPrometheus((line) => console.log(`e2e: ${line}`))
  const files: string[] = []
  for (const directory of directories) {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.e2e.ts'))
    files.push(...names.map((name) => directory + name))
  }
  process.exitCode = await runTests(files)
} catch (error) {
  console.error(`e2e: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

function runTests(files: string[]): Promise<number> {
  // One file at a time: two loads on one machine would disturb each other's measurements.
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...files], { stdio: 'inherit' })
  // The test runner ends its files, and they what they started.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1))
  })
}
