import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, isAbsolute, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { generatedFiles } from './generated-files.ts'
import { writeDashboards } from './index.ts'

test('writeDashboards writes every generated file into a new directory and returns their paths', async (t) => {
  const directory = join(await scratch(t), 'new', 'place')
  const written = await writeDashboards(directory)
  const files = generatedFiles()
  assert.deepEqual(written.map((path) => basename(path)).sort(), Object.keys(files).sort())
  for (const path of written) {
    assert.ok(isAbsolute(path))
    assert.equal(await readFile(path, 'utf8'), files[basename(path)])
  }
})

test('writeDashboards replaces what an older version wrote', async (t) => {
  const directory = await scratch(t)
  await writeFile(join(directory, 'event-loop.json'), 'old')
  await writeDashboards(directory)
  assert.equal(await readFile(join(directory, 'event-loop.json'), 'utf8'), generatedFiles()['event-loop.json'])
})

test('a directory that cannot be written is an error that names it and says what to do', async (t) => {
  const file = join(await scratch(t), 'file')
  await writeFile(file, '')
  await assert.rejects(writeDashboards(join(file, 'below')), (error: Error) => {
    assert.match(error.message, /cannot write the dashboards to .*file\/below: .*ENOTDIR.* Choose a directory/)
    return true
  })
})

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'loopscope-dashboards-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}
