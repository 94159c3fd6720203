import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PackageVersions } from './package-versions.ts'

suite('the version of a package', () => {
  test('is known once its package.json has been read, and stays what it was', async (t) => {
    const cwd = mkdtempSync(join(tmpdir(), 'loopscope-packages-'))
    t.after(() => rmSync(cwd, { recursive: true, force: true }))
    const write = (name: string, text: string): void => {
      mkdirSync(join(cwd, 'node_modules', name), { recursive: true })
      writeFileSync(join(cwd, 'node_modules', name, 'package.json'), text)
    }
    write('@acme/a', '{ "name": "@acme/a", "version": "1.2.3-beta" }')
    write('broken', '{ "version": ')
    write('odd', '{ "version": 5 }')
    const versions = new PackageVersions(cwd)
    const folders = ['@acme/a', 'broken', 'odd', 'gone'].map((name) => `node_modules/${name}`)
    assert.deepEqual(folders.map(versions.find), [undefined, undefined, undefined, undefined])
    const absolute = join(cwd, 'node_modules/@acme/a')
    while (versions.find(folders[0]!) === undefined || versions.find(absolute) === undefined) await sleep(2)
    write('@acme/a', '{ "version": "2.0.0" }')
    assert.deepEqual([...folders, absolute].map(versions.find), [
      '1.2.3-beta',
      undefined,
      undefined,
      undefined,
      '1.2.3-beta',
    ])
  })
})
