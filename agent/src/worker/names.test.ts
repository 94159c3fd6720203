import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { serviceName, versionOf } from './names.ts'

test('a service is called as the environment says, else as its package, else as its file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-names-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, 'src', 'server.js')
  mkdirSync(join(folder, 'src'))
  assert.equal(serviceName({}, script, '/'), 'server')
  writeFileSync(join(folder, 'package.json'), '{"name":"shop"}')
  writeFileSync(join(folder, 'src', 'package.json'), '{"type":"module"}')
  assert.equal(serviceName({}, script, '/'), 'shop')
  writeFileSync(join(folder, 'src', 'package.json'), 'no JSON')
  assert.equal(serviceName({}, script, '/'), 'shop')
  assert.equal(serviceName({ OTEL_SERVICE_NAME: 'cart' }, script, '/'), 'cart')
})

test('a program without a file is called as the package around its working directory', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-names-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  assert.equal(serviceName({}, '', folder), 'node')
  writeFileSync(join(folder, 'package.json'), '{"name":"shop","version":"1.2.3"}')
  assert.equal(serviceName({}, '', folder), 'shop')
  assert.equal(versionOf(new URL(`file://${folder}/package.json`)), '1.2.3')
  assert.equal(versionOf(new URL(`file://${folder}/none.json`)), 'unknown')
})
