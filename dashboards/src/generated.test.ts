import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'yaml'
import { generatedFiles } from './generated-files.ts'

const directory = new URL('../generated/', import.meta.url)

test('what is committed in generated/ is what the generator makes', async () => {
  const files = generatedFiles()
  assert.deepEqual((await readdir(directory)).sort(), Object.keys(files).sort())
  for (const [name, text] of Object.entries(files)) {
    const committed = await readFile(new URL(name, directory), 'utf8')
    assert.equal(committed, text, `generated/${name} is not current: run npm run generate --workspace dashboards`)
  }
})

test('the YAML says what the rules say, templates and all', () => {
  const { groups } = parse(generatedFiles()['loopscope-rules.yaml']!) as { groups: { rules: unknown[] }[] }
  const text = JSON.stringify(groups)
  assert.ok(text.includes('{{ $labels.loopscope_instance }}'))
  assert.ok(!text.includes('undefined') && !text.includes('[object'))
})
