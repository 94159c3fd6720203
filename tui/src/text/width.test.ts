import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortPath } from './path.ts'
import { fit, widthOf } from './width.ts'

test('wide characters take two columns', () => {
  assert.equal(widthOf('価格 a'), 6)
  assert.equal(widthOf('🚀'), 2)
  assert.equal(widthOf('é…●'), 3)
})

test('text is fitted exactly, from either end, and never through the middle of a wide character', () => {
  assert.equal(fit('abcdef', 4), 'abc…')
  assert.equal(fit('src/report.ts:41', 9, 'left', 'end'), '…rt.ts:41')
  assert.equal(fit('ab', 4, 'right'), '  ab')
  for (let width = 0; width < 9; width++) {
    for (const keep of ['start', 'end'] as const) assert.equal(widthOf(fit('価格価格', width, 'left', keep)), width)
  }
})

test('a path is as short as it stays clear', () => {
  assert.equal(shortPath('/srv/shop/src/a.ts', '/srv/shop'), 'src/a.ts')
  assert.equal(shortPath('file:///srv/shop/src/a%20b.ts', '/srv/shop'), 'src/a b.ts')
  assert.equal(shortPath('/srv/shop/node_modules/pg/lib/client.js', '/srv/shop'), 'pg/lib/client.js')
  assert.equal(shortPath('node:internal/fs', '/srv/shop'), 'node:internal/fs')
  assert.equal(shortPath('/opt/x.js', '/'), '/opt/x.js')
})
