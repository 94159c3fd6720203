import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { functionName, sourceName } from './source-name.ts'

const BASE = 'file:///app/dist/main.js.map'

suite('the name of a source', () => {
  const cases: [says: string, source: unknown, root: unknown, expected: string | undefined][] = [
    ['is relative to the map', '../src/a.ts', undefined, '/app/src/a.ts'],
    ['is below the root that the map names', 'a.ts', '../src', '/app/src/a.ts'],
    ['may be a path of its own', '/elsewhere/a.ts', '../src', '/elsewhere/a.ts'],
    ['may be a URL', 'file:///app/src/a%20b.ts', undefined, '/app/src/a b.ts'],
    ['may hold what a URL does not', '../src/[id]/a b.ts', undefined, '/app/src/[id]/a b.ts'],
    ['of webpack loses its scheme', 'webpack://shop/./src/a.ts?1f3a', '', 'src/a.ts'],
    ['of webpack may have no namespace', 'webpack:///./src/a.ts', '', 'src/a.ts'],
    ['of webpack may be outside', 'webpack://shop/../shared/a.ts', '', '../shared/a.ts'],
    [
      'of a package in a webpack bundle is in node_modules',
      'webpack://shop/./node_modules/x/i.js',
      '',
      'node_modules/x/i.js',
    ],
    ['may have its scheme in the root', './src/a.ts', 'webpack://shop/', 'src/a.ts'],
    ['of turbopack is relative to its project', 'turbopack:///[project]/src/a.ts', '', 'src/a.ts'],
    ['may be a path of Windows', 'C:\\app\\src\\a.ts', '', 'C:\\app\\src\\a.ts'],
    ['is none when it is empty', '', '', undefined],
    ['is none when it is null', null, '', undefined],
    ['is none when it is no text', 7, '', undefined],
    ['is none when it would write to a terminal', 'a\x1b[2J.ts', '', undefined],
    ['is none when it is a novel', 'a'.repeat(1000), '', undefined],
  ]
  for (const [says, source, root, expected] of cases) {
    test(says, () => assert.equal(sourceName(source, root, BASE), expected))
  }
})

test('the name of a function is a name, or none', () => {
  for (const name of ['holdLoop', '$', '_a1', 'Orders.total', '#secret', 'größe'])
    assert.equal(functionName(name), name)
  for (const name of ['', 'a b', '1a', 'a\x1b', 'x'.repeat(200), null, 7, 'performance.now()']) {
    assert.equal(functionName(name), undefined)
  }
})
