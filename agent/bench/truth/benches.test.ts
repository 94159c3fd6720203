/** The two benchmarks run, on a small plan: programs, load, truth and comparison fit together. Their figures are not judged. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

async function json(name: string, ...args: string[]): Promise<Record<string, unknown>> {
  const script = fileURLToPath(new URL(`../${name}.ts`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--json', ...args])
  return JSON.parse(stdout) as Record<string, unknown>
}

test('bench:blocks finds what its programs have planted', async () => {
  const result = await json('blocks', '--programs', 'thread', '--only', 'loop,nested', '--block-ms', '20', '--readers')
  const { planted, recall } = result['all'] as { planted: number; recall: { right: number; of: number } }
  assert.equal(planted, 2 * 7)
  assert.ok(recall.of >= 6 && recall.right / recall.of > 0.8, JSON.stringify(recall))
  assert.deepEqual(
    (result['kinds'] as { name: string }[]).map(({ name }) => name),
    ['loop', 'nested'],
  )
})

test('bench:hot finds all six routes and their lines', async () => {
  const { rows } = (await json('hot', '--seconds', '6')) as { rows: { route: string; ms: number; top: string }[] }
  assert.deepEqual(
    rows.map(({ route }) => route),
    ['tiny', 'small', 'mixed', 'medium', 'large', 'huge'],
  )
  assert.ok(
    rows.every(({ ms }) => ms > 10),
    'each has worked',
  )
  assert.ok(rows.filter(({ route, top }) => top.startsWith(route)).length >= 3, JSON.stringify(rows))
})
