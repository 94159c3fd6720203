/** The packages are complete: what they name is there, and they fit together. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ROOT } from './support/imports.ts'

interface Package {
  name: string
  version: string
  description?: string
  license?: string
  private?: boolean
  type?: string
  engines?: { node?: string }
  exports?: Record<string, string | { types?: string; default?: string }>
  bin?: Record<string, string>
  files?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

const FOLDERS = ['collector', 'agent', 'tui', 'dashboards']
const read = (folder: string): Package =>
  JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Package
const own = new Map(FOLDERS.map((folder) => [read(folder).name, read(folder)]))

/** The paths that a package names as its entries. */
function entries({ exports = {}, bin = {} }: Package): string[] {
  const paths = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
  return [...paths, ...Object.values(bin)].filter((path) => path !== './package.json')
}

for (const folder of FOLDERS) {
  const about = read(folder)
  suite(about.name, () => {
    test('says what it is, for whom, and under which licence', () => {
      assert.ok(about.description && about.description.length > 20)
      assert.equal(about.license, 'Apache-2.0')
      assert.equal(about.type, 'module')
      assert.equal(about.engines?.node, '>=22.15')
      assert.notEqual(about.private, true)
    })

    test('has every entry that it names, with types', () => {
      for (const path of entries(about))
        assert.ok(existsSync(join(ROOT, folder, path)), `${path} is not there: npm run build`)
      for (const [name, entry] of Object.entries(about.exports ?? {})) {
        if (name !== './package.json')
          assert.ok(typeof entry === 'object' && entry.types && entry.default, `${name} has no types`)
      }
    })

    test('ships what it names, and nothing is listed that is not there', () => {
      assert.ok(about.files && about.files.length > 0, 'without "files" everything would be shipped')
      const matches = (pattern: string): string[] =>
        globSync([pattern, `${pattern}/**`], { cwd: join(ROOT, folder) }).map((path) => path.replaceAll('\\', '/'))
      for (const pattern of about.files) assert.ok(matches(pattern).length > 0, `${pattern} matches nothing`)
      const shipped = new Set(about.files.flatMap(matches))
      for (const path of entries(about)) assert.ok(shipped.has(path.slice(2)), `${path} is not in "files"`)
    })

    test('is of one version with the others, and asks for exactly that of them', () => {
      assert.equal(about.version, read('agent').version)
      const dependencies = { ...about.dependencies, ...about.devDependencies }
      for (const [name, version] of Object.entries(dependencies)) {
        const other = own.get(name)
        if (other) assert.equal(version, other.version, name)
      }
    })
  })
}

test('the Node of these scripts is 24 or newer, and the oldest that is supported is said the same everywhere', () => {
  assert.ok(Number(process.versions.node.split('.')[0]) >= 24)
  const standDown = readFileSync(join(ROOT, 'agent/src/stand-down.ts'), 'utf8')
  assert.match(standDown, /needs 22\.15 or newer/)
})
