import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTROL, createChannel, WISH } from '@loopscope/collector/protocol'
import { GcWish } from './gc-wish.ts'

test('the collections of a thread are watched for a minute after a block of its own', () => {
  let time = 1000
  const [one, other] = [createChannel(), createChannel()]
  const wishes = [one, other].map((channel) => new GcWish(channel, () => time))
  const review = (): number[] => {
    for (const wish of wishes) wish.review()
    return [one, other].map(({ control }) => control[CONTROL.wishes]!)
  }
  assert.deepEqual(review(), [0, 0])
  wishes[0]!.sawBlock()
  assert.deepEqual(review(), [WISH.gc, 0])
  time += 59_000
  assert.deepEqual(review(), [WISH.gc, 0])
  time += 2000
  assert.deepEqual(review(), [0, 0])
})
