import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createUndo } from './undo.ts'

test('what was started is ended once, in the reverse order', async () => {
  const undo = createUndo()
  const ended: string[] = []
  for (const name of ['database', 'server', 'load']) {
    await undo.start(
      name,
      async () => name,
      (started) => ended.push(started),
    )
  }
  await Promise.all([undo.run(), undo.run()])
  assert.deepEqual(ended, ['load', 'server', 'database'])
})

test('what is still starting when the end comes is ended too, and nothing starts after that', async () => {
  const undo = createUndo()
  const ended: string[] = []
  const starting = undo.start(
    'slow',
    () => sleep(30, 'slow'),
    (name) => ended.push(name),
  )
  assert.deepEqual(await undo.run(), [])
  assert.deepEqual(ended, ['slow'])
  assert.equal(await starting, 'slow')
  const late = undo.start(
    'late',
    async () => assert.fail('started'),
    () => {},
  )
  await assert.rejects(late, /late was not started/)
})

test('one that fails to end is named, and the others are ended all the same', async () => {
  const undo = createUndo()
  const ended: string[] = []
  await undo.start(
    'first',
    async () => 'first',
    (name) => ended.push(name),
  )
  await undo.start(
    'second',
    async () => 'second',
    () => Promise.reject(new Error('it hangs')),
  )
  await assert.rejects(
    undo.start(
      'third',
      () => Promise.reject(new Error('no port')),
      () => ended.push('third'),
    ),
    /no port/,
  )
  assert.deepEqual(await undo.run(), ['second did not end cleanly: it hangs'])
  assert.deepEqual(ended, ['first'])
})
