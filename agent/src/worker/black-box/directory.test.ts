import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { LIMITS, prepareDirectory, readRecords, rotate, writeWhole } from './directory.ts'

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ls-box-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

suite('the directory of records', () => {
  test('is made with all that leads to it, for this user alone', (t) => {
    const path = join(temporary(t), 'a/b')
    prepareDirectory(path)
    assert.equal(statSync(path).mode & 0o777, 0o700)
    chmodSync(path, 0o755)
    prepareDirectory(path)
    assert.equal(statSync(path).mode & 0o777, 0o700)
  })

  test('is not a link that somebody has laid out, nor below one', (t) => {
    const directory = temporary(t)
    mkdirSync(join(directory, 'elsewhere'))
    symlinkSync(join(directory, 'elsewhere'), join(directory, 'link'))
    assert.throws(() => prepareDirectory(join(directory, 'link')), /not a directory of this user/)
    assert.throws(() => prepareDirectory(join(directory, 'link/state')), /not a directory of this user/)
    writeWhole(join(directory, 'elsewhere'), 'a.json', '{}')
    assert.deepEqual(readRecords(join(directory, 'link')), [])
  })

  test('holds whole files of this user alone, and no parts of them', (t) => {
    const directory = temporary(t)
    writeWhole(directory, 'a.json', 'one')
    writeWhole(directory, 'a.json', 'two')
    writeWhole(directory, 'b.told.json', 'three')
    writeFileSync(join(directory, '.c.json.part'), 'half')
    writeFileSync(join(directory, 'notes.txt'), '')
    assert.equal(statSync(join(directory, 'a.json')).mode & 0o777, 0o600)
    const found = readRecords(directory).map(({ name, text }) => [name, text])
    assert.deepEqual(found.sort(), [
      ['a.json', 'two'],
      ['b.told.json', 'three'],
    ])
  })
})

suite('rotation', () => {
  const now = Date.now()
  const add = (directory: string, name: string, ageMs: number, bytes = 10): void => {
    writeFileSync(join(directory, name), 'x'.repeat(bytes))
    utimesSync(join(directory, name), (now - ageMs) / 1000, (now - ageMs) / 1000)
  }

  test('takes away what is older than days, and parts that nobody finishes', (t) => {
    const directory = temporary(t)
    add(directory, 'young.json', 1000)
    add(directory, 'old.json', LIMITS.ageMs + 1000)
    add(directory, 'old.told.json', LIMITS.ageMs + 1000)
    add(directory, '.a.json.part', 120_000)
    add(directory, '.b.json.part', 1000)
    add(directory, 'not-ours.txt', LIMITS.ageMs * 2)
    rotate(directory, now)
    assert.deepEqual(readdirSync(directory).sort(), ['.b.json.part', 'not-ours.txt', 'young.json'])
  })

  test('keeps the newest of too many, and of too much', (t) => {
    const directory = temporary(t)
    for (let i = 0; i < 10; i++) add(directory, `r${i}.json`, 1000 * i, 100)
    rotate(directory, now, { ...LIMITS, files: 6 })
    assert.deepEqual(readdirSync(directory).sort(), ['r0.json', 'r1.json', 'r2.json', 'r3.json', 'r4.json', 'r5.json'])
    rotate(directory, now, { ...LIMITS, bytes: 250 })
    assert.deepEqual(readdirSync(directory).sort(), ['r0.json', 'r1.json'])
  })
})
