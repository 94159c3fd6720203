/** What promtool says about the generated files. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const dashboards = fileURLToPath(new URL('..', import.meta.url))

test('promtool finds nothing wrong with the rules', () => {
  const { status, output } = promtool('check', 'rules', '--lint=all', '--lint-fatal', 'generated/loopscope-rules.yaml')
  assert.equal(status, 0, output)
  assert.match(output, /SUCCESS: \d+ rules found/)
})

test('promtool finds nothing wrong with the example configuration', () => {
  const { status, output } = promtool('check', 'config', 'generated/prometheus.yml')
  assert.equal(status, 0, output)
})

test('each alert fires when it must, and only then', () => {
  const { status, output } = promtool('test', 'rules', 'rules.test.yaml')
  assert.equal(status, 0, output)
  assert.match(output, /SUCCESS/)
})

test('the tests of the rules notice rules that say something else', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'loopscope-rules-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const rules = readFileSync(join(dashboards, 'generated/loopscope-rules.yaml'), 'utf8')
  const tests = readFileSync(join(dashboards, 'rules.test.yaml'), 'utf8').replace('generated/', '')
  writeFileSync(join(directory, 'rules.test.yaml'), tests)
  for (const [said, instead] of [
    ['le="0.064"', 'le="0.032"'],
    ['ratio_rate5m > 0.144', 'ratio_rate5m > 0.0144'],
    ['seconds > 1\n', 'seconds > 0.5\n'],
    ['requests > 0 and', 'requests >= 0 and'],
    ['seconds_bucket[2m])) > 0.1', 'seconds_bucket[2m])) > 1'],
    [' * 600 > 10', ' * 600 > 1000'],
    ['dropped_total[5m]) > 0', 'dropped_total[5m]) >= 0'],
    ['unless loopscope', 'and loopscope'],
  ] as const) {
    assert.ok(rules.includes(said), `no ${said} in the rules`)
    writeFileSync(join(directory, 'loopscope-rules.yaml'), rules.replaceAll(said, instead))
    const { status } = promtool('test', 'rules', join(directory, 'rules.test.yaml'))
    assert.notEqual(status, 0, `no test noticed ${instead} in place of ${said}`)
  }
})

function promtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: dashboards, encoding: 'utf8' })
  if (error) throw error
  return { status, output: stdout + stderr }
}
