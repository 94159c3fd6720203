import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Attempts } from './attempts.ts'

test('of connections that are begun at once the oldest to the origin stands first', () => {
  const attempts = new Attempts()
  const [one, other] = [{}, {}]
  attempts.begin(one, 'http://a', 1)
  attempts.begin(one, 'http://b', 2)
  attempts.begin(one, 'http://a', 3)
  attempts.begin(other, 'http://a', 4)
  assert.deepEqual(
    [
      attempts.end(one, 'http://a'),
      attempts.end(one, 'http://a'),
      attempts.end(one, 'http://a'),
      attempts.end(one, 'http://b'),
      attempts.end(other, 'http://a'),
      attempts.end({}, 'http://a'),
    ],
    [1, 3, undefined, 2, 4, undefined],
  )
})

test('attempts whose end is never said are bounded', () => {
  const attempts = new Attempts()
  const connector = {}
  for (let i = 0; i < 1500; i++) attempts.begin(connector, 'http://a', i)
  assert.equal(attempts.end(connector, 'http://a'), 500)
})
