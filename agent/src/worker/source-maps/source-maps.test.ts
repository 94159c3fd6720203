/** Real output of esbuild and of TypeScript's compiler; the same end to end is in agent/test/source-maps.test.ts. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { buildSync, type BuildOptions } from 'esbuild'
import ts from 'typescript'
import type { Position, Resolved } from '@loopscope/collector'
import { SourceMaps } from './source-maps.ts'

const SOURCE = `interface Options {
  ms: number
}

export function holdLoop(options: Options): number {
  const end = performance.now() + options.ms
  let count = 0
  while (performance.now() < end) count++ // <- here
  return count
}

export const packReport = (
  bytes: Uint8Array,
): number => performance.now() + bytes.length // <- there
`
const lineOf = (mark: string): number => SOURCE.split('\n').findIndex((line) => line.endsWith(`<- ${mark}`)) + 1

function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-maps-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, text: string | Uint8Array): string => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }
  const maps = new SourceMaps({ now: () => performance.now(), later: (run, ms) => void setTimeout(run, ms) })
  const resolve = (position: Partial<Position> & { file: string }): Promise<Resolved> =>
    new Promise((done) => maps.resolve({ line: 1, column: 1, function: '', begin: '', ...position }, done))
  const bundle = (options: BuildOptions): string => {
    write('src/hold.ts', SOURCE)
    const outfile = join(folder, 'dist/main.js')
    buildSync({
      entryPoints: [join(folder, 'src/hold.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      logLevel: 'silent',
      ...options,
    })
    return outfile
  }
  return { folder, write, maps, resolve, bundle }
}

/** Line and column, as V8 counts them, of the first `text` behind `after`. */
function find(path: string, text: string, after = ''): { line: number; column: number } {
  const content = readFileSync(path, 'utf8')
  const at = content.indexOf(text, content.indexOf(after))
  assert.ok(at >= 0, `${text} is not in ${content}`)
  const before = content.slice(0, at).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

function compile(source: string, options: ts.CompilerOptions): ts.TranspileOutput {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, ...options }
  return ts.transpileModule(source, { fileName: 'hold.ts', compilerOptions })
}

suite('a position', () => {
  for (const sourcemap of ['linked', 'inline'] as const) {
    test(`in a minified bundle of esbuild with its map ${sourcemap} is the author's, its function too`, async (t) => {
      const { bundle, resolve, folder } = setup(t)
      const file = bundle({ minify: true, sourcemap })
      const begin = find(file, 'function ')
      const name = /function (\w+)\(/.exec(readFileSync(file, 'utf8'))![1]!
      assert.notEqual(name, 'holdLoop')
      const { place } = await resolve({
        file: pathToFileURL(file).href,
        ...find(file, 'performance', 'for('),
        function: name,
        begin: `${begin.line}:${begin.column}`,
      })
      const expected = { file: join(folder, 'src/hold.ts'), line: lineOf('here'), column: 10, function: 'holdLoop' }
      assert.deepEqual(place, expected)
    })
  }

  for (const inlineSourceMap of [false, true]) {
    test(`in the output of tsc with its map ${inlineSourceMap ? 'inline' : 'beside'} is the author's`, async (t) => {
      const { write, resolve, folder } = setup(t)
      const { outputText, sourceMapText } = compile(SOURCE, inlineSourceMap ? { inlineSourceMap } : { sourceMap: true })
      const file = write('hold.js', outputText)
      if (sourceMapText) write('hold.js.map', sourceMapText)
      assert.notEqual(find(file, 'while').line, lineOf('here'))
      const { place } = await resolve({
        file,
        ...find(file, 'performance', 'while'),
        function: 'holdLoop',
        begin: '1:8',
      })
      assert.deepEqual(place, { file: join(folder, 'hold.ts'), line: lineOf('here'), column: 10 })
    })
  }

  test('in a file without a map stays as it is, but says what is called there', async (t) => {
    const { write, resolve } = setup(t)
    const file = write('a.js', 'const zlib_1 = zlib\nzlib.gzipSync(a)\nconst b = (0, zlib_1.brotliCompressSync)(a)\n')
    assert.deepEqual(await resolve({ file, line: 2, column: 6 }), { call: 'gzipSync' })
    assert.deepEqual(await resolve({ file, line: 3, column: 11 }), { call: 'brotliCompressSync' })
    assert.deepEqual(await resolve({ file, line: 30, column: 11 }), {})
  })

  test('is the author’s also when what is called has lost its name', async (t) => {
    const { write, resolve, folder } = setup(t)
    write('src/pack.ts', "import { gzipSync } from 'node:zlib'\nexport const pack = (a: Buffer) => gzipSync(a)\n")
    const outfile = join(folder, 'out.js')
    const options = { outfile, bundle: true, minify: true, format: 'esm', platform: 'node', sourcemap: true } as const
    buildSync({ entryPoints: [join(folder, 'src/pack.ts')], logLevel: 'silent', ...options })
    const called = /=>(\w+)\(/.exec(readFileSync(outfile, 'utf8'))![1]!
    assert.notEqual(called, 'gzipSync')
    assert.equal((await resolve({ file: outfile, ...find(outfile, `${called}(`, '=>') })).call, 'gzipSync')
  })

  test("of Node's own code, of packages and of nothing is answered at once", (t) => {
    const { maps } = setup(t)
    const answers: Resolved[] = []
    for (const file of [
      'node:fs',
      '/app/node_modules/a/b.js',
      'evalmachine.<anonymous>',
      'https://a/b.js',
      'data:text/javascript,1',
    ]) {
      maps.resolve({ file, line: 1, column: 1, function: '', begin: '' }, (resolved) => answers.push(resolved))
    }
    assert.deepEqual(answers, [{}, {}, {}, {}, {}])
  })
})

suite('a map', () => {
  const good = { version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA' }
  const broken: [string, string | Uint8Array][] = [
    ['that is not there', ''],
    ['that is no JSON', '{"version":3,"sources":["a.ts"],"mappings":"AA'],
    ['of another version', JSON.stringify({ ...good, version: 2 })],
    ['of sections', JSON.stringify({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map: good }] })],
    ['without sources', JSON.stringify({ ...good, sources: 'a.ts' })],
    ['whose mappings are none', JSON.stringify({ ...good, mappings: 'AAAA,!!' })],
    ['whose mappings are no text', JSON.stringify({ ...good, mappings: 7 })],
    ['that points to a source that it does not have', JSON.stringify({ ...good, mappings: 'AEAA' })],
    ['that points to before the first line', JSON.stringify({ ...good, mappings: 'AADA' })],
    ['whose source is null', JSON.stringify({ ...good, sources: [null] })],
    ['whose source would write to the terminal', JSON.stringify({ ...good, sources: ['\x1b]0;a\x07.ts'] })],
    ['of bytes', new Uint8Array(5000).map((_, i) => i * 37)],
  ]
  for (const [says, text] of broken) {
    test(`${says} says nothing`, async (t) => {
      const { write, resolve } = setup(t)
      const file = write('a.js', 'f()\n//# sourceMappingURL=a.js.map\n')
      if (text !== '') write('a.js.map', text)
      assert.equal((await resolve({ file })).place, undefined)
      assert.equal((await resolve({ file, line: 2 })).place, undefined)
    })
  }

  test('that is good is the control of those', async (t) => {
    const { write, resolve, folder } = setup(t)
    const file = write('a.js', 'f()\n//# sourceMappingURL=a.js.map\n')
    write('a.js.map', JSON.stringify(good))
    assert.deepEqual((await resolve({ file })).place, { file: join(folder, 'a.ts'), line: 1, column: 1 })
  })

  test('in the network is not fetched, and one that is no file is not read', async (t) => {
    const { write, resolve, folder } = setup(t)
    mkdirSync(join(folder, 'directory'))
    for (const [i, url] of [
      'http://127.0.0.1:9/a.map',
      '//host/a.map',
      'directory',
      '/dev/zero',
      'data:,',
      'data:x',
    ].entries()) {
      const file = write(`a${i}.js`, `f()\n//# sourceMappingURL=${url}\n`)
      assert.deepEqual(await resolve({ file }), { call: 'f' }, url)
    }
  })

  test('is not trusted any more once the file has changed', async (t) => {
    const { bundle, resolve } = setup(t)
    const file = bundle({ sourcemap: true })
    const position = { file, ...find(file, 'performance') }
    assert.ok((await resolve(position)).place)
    const { atime, mtime } = statSync(file)
    appendFileSync(file, '\n')
    utimesSync(file, atime, new Date(mtime.getTime() + 5000))
    assert.equal((await resolve({ ...position, column: position.column + 1 })).place, undefined)
  })

  test('of a large bundle does not hold the thread, and all that is asked at once costs one walk', async (t) => {
    const { write, resolve, folder } = setup(t)
    const lines = 40_000
    const sources = Array.from({ length: 2000 }, (_, i) => `src/${i}.ts`)
    const sourcesContent = sources.map(() => `const text = "a quote: \\" and more"\n`.repeat(300))
    const mappings = Array.from({ length: lines }, () => 'AACA' + ',EAAE,EAAC,GAAE,IAAI'.repeat(10)).join(';')
    const map = JSON.stringify({ version: 3, sources, sourcesContent, names: [], mappings })
    assert.ok(map.length > 20e6)
    const file = write('a.js', 'f(1, 2, 3)\n'.repeat(lines) + '//# sourceMappingURL=a.js.map\n')
    write('a.js.map', map)
    // Its processor time: the clock would say more of the machine than of this.
    const spent = (): number => process.threadCpuUsage().user / 1000
    let longest = 0
    let isOver = false
    const watch = (async () => {
      for (let last = spent(); !isOver; last = spent()) {
        await new Promise((next) => setImmediate(next))
        longest = Math.max(longest, spent() - last)
      }
    })()
    const asked = Array.from({ length: 200 }, (_, i) => resolve({ file, line: 1 + i * 199, column: 1 }))
    const began = performance.now()
    const answers = await Promise.all(asked)
    isOver = true
    await watch
    const ms = performance.now() - began
    t.diagnostic(`${(map.length / 1e6).toFixed(0)} MB: ${ms.toFixed(0)} ms, ${longest.toFixed(1)} in one turn`)
    const { column } = answers[199]!.place!
    assert.deepEqual(answers[199]!.place, { file: join(folder, 'src/0.ts'), line: 2 + 199 * 199, column })
    // JSON.parse and a whole walk at once take 150 ms and more.
    assert.ok(longest < 60, `${longest} ms in one turn`)
  })
})
