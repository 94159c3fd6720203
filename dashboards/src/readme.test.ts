import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'yaml'
import { generatedFiles } from './generated-files.ts'
import { ruleFile } from './rules/index.ts'
import { DEFAULT_PARAMETERS } from './rules/objective.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

test('the README lists every file that is written', () => {
  for (const name of Object.keys(generatedFiles())) assert.ok(readme.includes(`| \`${name}\` |`), name)
})

test('the README lists every alert with its severity or its wait', () => {
  for (const rule of ruleFile(DEFAULT_PARAMETERS).groups.flatMap((group) => group.rules)) {
    if (!('alert' in rule)) continue
    const row = readme.split('\n').find((line) => {
      return (
        line.startsWith(`| \`${rule.alert}\``) &&
        (!line.includes('`EventLoopLagHigh` (') || line.includes(`(${rule.labels.severity})`))
      )
    })
    assert.ok(row, `${rule.alert} is not in the README`)
    assert.ok(row.endsWith(rule.for ? `| ${rule.for.replace('m', ' m')} |` : '| at once |'), row)
  }
})

test('the configurations in the README are YAML, and their alerts exist', () => {
  const blocks = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!)
  assert.equal(blocks.length, 3)
  const alerts = ruleFile(DEFAULT_PARAMETERS)
    .groups.flatMap((group) => group.rules)
    .map((rule) => ('alert' in rule ? rule.alert : ''))
  for (const block of blocks) {
    assert.equal(typeof parse(block), 'object')
    for (const [, name] of block.matchAll(/alertname="(\w+)"/g)) assert.ok(alerts.includes(name!), name)
  }
})
