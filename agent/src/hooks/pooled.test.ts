/** Calls that the thread pool carries out, as waits of who makes them; and that they work as without the hook. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import type { Activity } from '../program/activity.ts'
import { observe, until } from '../testing/observe.ts'
import { pooled } from './pooled.ts'

const require = createRequire(import.meta.url)
const originals = { readFile: require('node:fs').readFile as object, lookup: require('node:dns').lookup as object }
const { activities, recorder, reader, stop } = observe([pooled])
const directory = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
const file = join(directory, 'a.txt')
writeFileSync(file, 'some text')
after(() => {
  stop()
  rmSync(directory, { recursive: true })
})

const fs = await import('node:fs')
const { readFile } = await import('node:fs/promises')
const crypto = await import('node:crypto')
const zlib = await import('node:zlib')
const dns = await import('node:dns')

/** The names of what it waited on, all of them over. */
async function waitsOf(work: () => Promise<unknown>): Promise<string[]> {
  const activity: Activity = activities.begin('request', recorder.name('GET'))
  await activities.run(activity, work)
  activities.end(activity, 'ok', 200)
  await until('the end', () => reader.live().length === 0)
  const { waits } = reader.activities.get(activity.id)!
  assert.ok(waits.every(({ isOver }) => isOver))
  return waits.map(({ name }) => name)
}

test('callbacks, promises and promisified functions are waits from the call to the answer', async () => {
  const calls: Record<string, () => Promise<unknown>> = {
    'fs.readFile': () => readFile(file, 'utf8'),
    'fs.stat': () => promisify(fs.stat)(file),
    'crypto.pbkdf2': () => promisify(crypto.pbkdf2)('a', 'b', 10, 16, 'sha256'),
    'crypto.randomBytes': () => promisify(crypto.randomBytes)(16),
    'zlib.gzip': () => promisify(zlib.gzip)('text'),
    'dns.lookup': () => dns.promises.lookup('localhost'),
  }
  for (const [name, call] of Object.entries(calls)) {
    assert.deepEqual(await waitsOf(call), [`threadPool ${name}`])
  }
  assert.deepEqual(await waitsOf(() => new Promise((resolve) => fs.readFile(file, resolve))), [
    'threadPool fs.readFile',
  ])
  assert.deepEqual(await waitsOf(() => fs.promises.readFile(file)), ['threadPool fs.readFile'])
})

test('what fails is a wait that is over, and its error is the same', async () => {
  const missing = join(directory, 'missing')
  const names = await waitsOf(async () => {
    await assert.rejects(readFile(missing), { code: 'ENOENT', syscall: 'open', path: missing })
    await assert.rejects(promisify(fs.readFile)(missing), { code: 'ENOENT' })
    assert.throws(() => fs.readFile(file, { flag: 7n as never }, () => {}), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => fs.readFile(file, undefined as never), { code: 'ERR_INVALID_ARG_TYPE' })
  })
  assert.ok(names.every((name) => name === 'threadPool fs.readFile') && names.length === 3, names.join())
})

test('a function without a callback, and a call outside of an activity, are left alone', async () => {
  assert.deepEqual(await waitsOf(async () => assert.equal(crypto.randomBytes(8).length, 8)), [])
  assert.equal(await readFile(file, 'utf8'), 'some text')
})

test('a stream of a file is read in waits', async () => {
  const names = await waitsOf(async () => {
    let text = ''
    for await (const chunk of fs.createReadStream(file, 'utf8')) text += String(chunk)
    assert.equal(text, 'some text')
  })
  assert.ok(names.includes('threadPool fs.open') && names.includes('threadPool fs.read'), names.join())
})

test('functions keep name, length and properties, and promisify finds its own', async () => {
  assert.equal(fs.readFile.name, 'readFile')
  assert.equal(fs.readFile.length, 3)
  assert.equal(dns.lookup.length, 3)
  assert.notEqual(fs.readFile, originals.readFile)
  const looked = await promisify(dns.lookup)('localhost')
  assert.ok(typeof looked.address === 'string' && looked.family > 0)
})
