import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChannel } from '@loopscope/collector/protocol'
import { Recorder } from '../../program/recorder.ts'
import { MAX_OPERATIONS, OperationNames } from './operations.ts'

test('a route with an operation is named by both, without a path by the operation alone', () => {
  const recorder = new Recorder(createChannel())
  const names = new OperationNames(recorder)
  const path = recorder.name('/graphql')
  const named = names.get(path, 'query', 'GetCart')
  assert.equal(recorder.textOf(named), '/graphql query GetCart')
  assert.equal(recorder.textOf(names.get(path, 'mutation', 'GetCart')), '/graphql mutation GetCart')
  assert.equal(recorder.textOf(names.get(0, 'query')), 'query (anonymous)')
  assert.equal(names.get(path, 'query', 'GetCart'), named)
  assert.deepEqual([names.has(named), names.has(path), names.has(0)], [true, false, false])
})

test('names that clients make up come to an end, those before it stay', () => {
  const recorder = new Recorder(createChannel())
  const names = new OperationNames(recorder)
  const first = names.get(0, 'query', 'n0')
  const ids = new Set<number>()
  for (let i = 0; i < 10 * MAX_OPERATIONS; i++) ids.add(names.get(0, 'query', `n${i}`))
  assert.equal(ids.size, MAX_OPERATIONS + 1)
  assert.equal(names.get(0, 'query', 'n0'), first)
  assert.equal(recorder.textOf(names.get(0, 'query', 'late')), 'query other')
  assert.equal(recorder.textOf(names.get(0, 'mutation', 'late')), 'mutation other')
  assert.ok(names.has(names.get(0, 'mutation', 'late')))
})

test('a name that is too long is no name', () => {
  const recorder = new Recorder(createChannel())
  const names = new OperationNames(recorder)
  assert.equal(recorder.textOf(names.get(0, 'query', 'x'.repeat(10_000))), 'query other')
  assert.equal(recorder.textOf(names.get(0, 'query', 'x'.repeat(80))), `query ${'x'.repeat(80)}`)
})
