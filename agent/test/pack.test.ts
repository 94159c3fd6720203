/** The packages as a user gets them: packed, installed into an empty folder, started there. Needs the npm registry. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { get, portOf, repeatedly } from './support/http.ts'
import { cleanEnvironment, ROOT, start, startCommand } from './support/program.ts'

const run = promisify(execFile)

interface Packed {
  name: string
  filename: string
  unpackedSize: number
  files: { path: string }[]
}

const PACKAGES = ['collector', 'agent', 'dashboards', 'tui']
/** npm runs on this Node, whatever the system's is. */
const environment = {
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  npm_config_update_notifier: 'false',
}
const SERVER = `
import { createServer } from 'node:http'
import { setRoute, withTask } from '@loopscope/agent/api'

function holdLoop() {
  const end = Date.now() + 150
  while (Date.now() < end);
}
const server = createServer((request, response) => {
  setRoute('/hold')
  holdLoop()
  void withTask('mail', async () => {})
  response.end('ok')
})
server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))
`

suite('the packed packages', { timeout: 170_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-pack-'))
  let packed: Packed[] = []

  before(async () => {
    const env = cleanEnvironment(environment)
    const workspaces = PACKAGES.flatMap((name) => ['--workspace', name])
    const { stdout } = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...workspaces],
      { cwd: ROOT, env },
    )
    packed = JSON.parse(stdout) as Packed[]
    writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
    writeFileSync(join(folder, 'server.js'), SERVER)
    const tarballs = packed.map(({ filename }) => `./${filename}`)
    // Without the SDK of OpenTelemetry, which is optional: that the agent starts without it is part of the test.
    const quiet = [
      '--omit=optional',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefer-offline',
      '--loglevel=error',
    ]
    await run('npm', ['install', ...quiet, ...tarballs], { cwd: folder, env })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('hold what they ship, and neither tests nor what only tests use', (t) => {
    assert.deepEqual(packed.map(({ name }) => name).sort(), [
      '@loopscope/agent',
      '@loopscope/collector',
      '@loopscope/dashboards',
      'loopscope',
    ])
    for (const { name, files, unpackedSize } of packed) {
      t.diagnostic(`${name}: ${files.length} files, ${(unpackedSize / 1024).toFixed(0)} kB`)
      const paths = files.map(({ path }) => path)
      assert.ok(paths.includes('package.json'))
      for (const path of paths) {
        assert.doesNotMatch(path, /\.test\.|(^|\/)(test|testing|bench|node_modules)\/|tsbuildinfo|tsconfig/, name)
        if (/\.ts$/.test(path)) assert.match(path, /\.d\.ts$/, `${name} ships a source`)
      }
      assert.ok(unpackedSize < 3 * 2 ** 20, `${name} is large`)
    }
  })

  test('have each its licence', () => {
    for (const { name, files } of packed)
      assert.ok(
        files.some(({ path }) => path === 'LICENSE'),
        `${name} has no LICENSE`,
      )
  })

  test('depend on nothing that is not said: every import of theirs is found where they are installed', async () => {
    for (const name of [
      '@loopscope/agent/api',
      '@loopscope/collector',
      '@loopscope/collector/protocol',
      '@loopscope/dashboards',
    ]) {
      const code = `const all = await import('${name}'); if (Object.keys(all).length === 0) throw new Error('empty')`
      await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: folder, env: cleanEnvironment() })
    }
  })

  test('node --import @loopscope/agent server.js: the block of a request is named', async (t) => {
    const running = start(t, join(folder, 'server.js'), { node: ['--import', '@loopscope/agent'], cwd: folder })
    const port = await portOf(running)
    await running.ready()
    const again = repeatedly(port, '/')
    const block = await running.until('the block', async () => {
      await again()
      return (await running.table('blocks')).find((row) => !row.open && row.function === 'holdLoop')
    })
    assert.deepEqual([block.function, block.file, block.route], ['holdLoop', 'server.js', 'GET /hold'])
    const [instance] = await running.table('instances')
    assert.equal(instance!.service, 'user')
    assert.equal(
      instance!.agent,
      (JSON.parse(readFileSync(join(ROOT, 'agent/package.json'), 'utf8')) as { version: string }).version,
    )
    await running.until(
      'its metric',
      async () =>
        /^loopscope_eventloop_block_duration_seconds_count/m.exec((await running.ask('/metrics')).body) ?? undefined,
    )
    assert.equal(running.stderr, '')
  })

  test('an OTLP endpoint without the optional SDK is one line, and the program runs', async (t) => {
    const running = start(t, join(folder, 'server.js'), {
      node: ['--import', '@loopscope/agent'],
      cwd: folder,
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
    })
    const port = await portOf(running)
    await running.until('the line', () => running.stderr || undefined)
    assert.match(running.stderr, /^loopscope: [^\n]*@opentelemetry\/sdk-node[^\n]*\n$/)
    assert.equal((await get(port, '/')).body, 'ok')
  })

  test('npx loopscope --version, and the dashboards are written', async (t) => {
    const shown = await startCommand(t, 'npx', ['--no-install', 'loopscope', '--version'], { cwd: folder, environment })
      .ended
    assert.deepEqual([shown.code, shown.stderr], [0, ''])
    assert.match(shown.stdout, /\d+\.\d+\.\d+/)
    const made = await startCommand(t, 'npx', ['--no-install', 'loopscope', 'dashboards', '-o', 'out'], {
      cwd: folder,
      environment,
    }).ended
    assert.equal(made.code, 0, made.stderr)
    assert.ok(existsSync(join(folder, 'out')) && globSync('**/*.{json,y*ml}', { cwd: join(folder, 'out') }).length >= 2)
  })
})
