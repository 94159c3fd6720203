/**
 * TypeScript by type stripping, the output of tsc and of esbuild: blocks and hot code show the author's file, line and
 * function, and a block within a package its name and the author's line that called it.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, suite, test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { buildSync, type BuildOptions } from 'esbuild'
import ts from 'typescript'
import type { BlockRow } from '@loopscope/collector/protocol'
import { get, portOf } from './support/http.ts'
import { ROOT, start, type Running } from './support/program.ts'

const SERVER = `import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { slowSum } from 'slow-package'
import { holdLoop, type Hold } from './hold.ts'

interface Reply {
  text: string
}

const bytes = Buffer.alloc(12_000_000, 'loopscope is a profiler of the event loop. ')

function packReport(): Reply {
  return { text: String(gzipSync(bytes).length) } // <- pack
}

function priceOf(count: number): Reply {
  return { text: String(slowSum(count)) } // <- price
}

const routes: Record<string, () => Reply> = {
  '/hold': () => ({ text: String(holdLoop({ ms: 150 } satisfies Hold)) }),
  '/pack': packReport,
  '/price': () => priceOf(150),
  '/error': (): Reply => {
    throw new Error('planted') // <- error
  },
}

const server = createServer((request, response) => {
  try {
    response.end((routes[request.url ?? ''] ?? (() => ({ text: 'none' })))().text)
  } catch (error) {
    response.end((error as Error).stack)
  }
})
server.listen(0, '127.0.0.1', () => console.log('port ' + (server.address() as { port: number }).port))
`
const HOLD = `export interface Hold {
  /** How long. */
  ms: number
}

type Count = number

export function holdLoop(hold: Hold): Count {
  const end: number = performance.now() + hold.ms
  let count: Count = 0
  while (performance.now() < end) count++ // <- hold
  return count
}
`
const PACKAGE = `exports.slowSum = function slowSum(ms) {
  const end = performance.now() + ms
  let sum = 0
  while (performance.now() < end) sum++
  return sum
}
`
const lineOf = (source: string, mark: string): number =>
  source.split('\n').findIndex((line) => line.endsWith(`<- ${mark}`)) + 1

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function project(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'loopscope-project-')))
  folders.push(folder)
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  write('package.json', '{ "type": "module" }')
  write('src/server.ts', SERVER)
  write('src/hold.ts', HOLD)
  write('node_modules/slow-package/package.json', '{ "name": "slow-package", "version": "1.0.0", "main": "index.js" }')
  write('node_modules/slow-package/index.js', PACKAGE)
  return folder
}

/** By the compiler that is the way of most. */
function tsc(folder: string, options: ts.CompilerOptions): string {
  for (const [name, source] of [
    ['server', SERVER],
    ['hold', HOLD],
  ] as const) {
    const compilerOptions: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      rewriteRelativeImportExtensions: true,
      sourceRoot: '../src',
      ...options,
    }
    const { outputText, sourceMapText } = ts.transpileModule(source, { fileName: `${name}.ts`, compilerOptions })
    mkdirSync(join(folder, 'dist'), { recursive: true })
    writeFileSync(join(folder, `dist/${name}.js`), outputText)
    if (sourceMapText !== undefined) writeFileSync(join(folder, `dist/${name}.js.map`), sourceMapText)
  }
  return join(folder, 'dist/server.js')
}

function esbuild(folder: string, options: BuildOptions): string {
  const outfile = join(folder, 'dist/bundle.mjs')
  const entry = join(folder, 'src/server.ts')
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    ...options,
  })
  return outfile
}

async function runIn(
  t: TestContext,
  folder: string,
  program: string,
  node: string[] = [],
): Promise<{ running: Running; port: number }> {
  const agent = pathToFileURL(join(ROOT, 'agent/dist/agent.js')).href
  const running = start(t, program, { cwd: folder, node: ['--import', agent, ...node] })
  const port = await portOf(running)
  await running.ready()
  return { running, port }
}

const AGAIN_MS = 2500

/** Asks for it again now and then: a machine that gives the worker no processor meanwhile may cost a block its name. */
function blockOf(running: Running, port: number, path: string, isIt: (row: BlockRow) => boolean): Promise<BlockRow> {
  let askedAt = -Infinity
  return running.until(`a block of ${path}`, async () => {
    if (performance.now() - askedAt > AGAIN_MS) {
      await get(port, path)
      askedAt = performance.now()
    }
    return (await running.table('blocks')).find((row) => !row.open && isIt(row))
  })
}

interface Kind {
  says: string
  make: (folder: string) => string
  /** The package is in the bundle. */
  isBundled?: true
}

const KINDS: Kind[] = [
  { says: 'TypeScript by type stripping', make: (folder) => join(folder, 'src/server.ts') },
  { says: 'tsc with maps beside', make: (folder) => tsc(folder, { sourceMap: true }) },
  { says: 'tsc with inline maps', make: (folder) => tsc(folder, { inlineSourceMap: true }) },
  {
    says: 'a bundle of esbuild with its map',
    make: (folder) => esbuild(folder, { sourcemap: true, external: ['slow-package'] }),
  },
  {
    says: 'a minified bundle of esbuild with an inline map, and the package in it',
    make: (folder) => esbuild(folder, { sourcemap: 'inline', minify: true }),
    isBundled: true,
  },
]

suite("the author's file and line", { timeout: 120_000 }, () => {
  for (const { says, make, isBundled } of KINDS) {
    test(says, async (t) => {
      const folder = project()
      const { running, port } = await runIn(t, folder, make(folder))
      const held = await blockOf(
        running,
        port,
        '/hold',
        ({ file, stack }) => file === 'src/hold.ts' && !JSON.stringify(stack).includes('"dist/'),
      )
      assert.deepEqual([held.function, held.file, held.line], ['holdLoop', 'src/hold.ts', lineOf(HOLD, 'hold')])
      assert.ok(held.stack.some((frame) => frame.file === 'src/server.ts'))
      assert.equal(held.package ?? null, null)

      const priced = await blockOf(
        running,
        port,
        '/price',
        ({ function: fn, file }) => fn === 'priceOf' && file === 'src/server.ts',
      )
      assert.deepEqual([priced.file, priced.line], ['src/server.ts', lineOf(SERVER, 'price')])
      assert.equal(priced.package?.name, 'slow-package')
      // Its package.json is read when a row first needs it.
      await blockOf(
        running,
        port,
        '/price',
        ({ package: held }) => held?.name === 'slow-package' && held.version === '1.0.0',
      )

      const packed = await blockOf(
        running,
        port,
        '/pack',
        ({ function: fn, api }) => fn === 'packReport' && api === 'zlib.gzipSync',
      )
      assert.deepEqual(
        [packed.file, packed.line, packed.api],
        ['src/server.ts', lineOf(SERVER, 'pack'), 'zlib.gzipSync'],
      )
      assert.equal(packed.cause === 'cpu-starved' ? 'sync-call' : packed.cause, 'sync-call')

      const hot = await running.until('samples of it', async () => {
        await get(port, '/hold')
        return (await running.table('hot')).find((row) => row.function === 'holdLoop' && row.file === 'src/hold.ts')
      })
      assert.deepEqual([hot.file, hot.line], ['src/hold.ts', lineOf(HOLD, 'hold')])
      if (isBundled) assert.ok(!JSON.stringify(await running.table('blocks')).includes('bundle.mjs'))
    })
  }

  test('is not known by a broken map: the generated one is shown', async (t) => {
    const folder = project()
    const file = tsc(folder, { sourceMap: true })
    writeFileSync(join(folder, 'dist/hold.js.map'), '{"version":3,"sources":["../src/hold.ts"],"mappings":"AAAA,!')
    const { running, port } = await runIn(t, folder, file)
    const { line } = await blockOf(running, port, '/hold', ({ file: name }) => name === 'dist/hold.js')
    const lines = readFileSync(join(folder, 'dist/hold.js'), 'utf8').split('\n')
    assert.match(lines[line! - 1]!, /while|count\+\+/)
  })
})

test('a program that maps its stacks itself, or prepares them, sees what it saw', async (t) => {
  const folder = project()
  const file = tsc(folder, { sourceMap: true })
  const { running, port } = await runIn(t, folder, file, ['--enable-source-maps'])
  const before = (await get(port, '/error')).body
  assert.match(before, new RegExp(`src/server\\.ts:${lineOf(SERVER, 'error')}:`))
  const held = await blockOf(running, port, '/hold', ({ file: name }) => name === 'src/hold.ts')
  assert.equal(held.line, lineOf(HOLD, 'hold'))
  assert.equal((await get(port, '/error')).body, before)
})
