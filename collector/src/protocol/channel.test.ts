import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOCK, CONTROL, createChannel, EVENT_SLOTS, openChannel, RING_CAPACITY, TURN_BUCKETS } from './channel.ts'
import { ACTIVITY_KINDS, CAPTURE, EVENT, START_UP_TURN, TAKE } from './events.ts'

test('both sides see the same memory, and no part of it overlaps another', () => {
  const ours = createChannel()
  const theirs = openChannel(ours.buffer)
  const parts = ['control', 'clock', 'turns', 'ring', 'names'] as const
  for (const [i, part] of parts.entries()) {
    ours[part].fill(i + 1)
    assert.ok(
      theirs[part].every((value) => value === i + 1),
      part,
    )
  }
  for (const [i, part] of parts.entries())
    assert.ok(
      theirs[part].every((value) => value === i + 1),
      `${part} is whole`,
    )
  assert.equal(ours.ring.length, RING_CAPACITY * EVENT_SLOTS)
  assert.equal(ours.turns.length, TURN_BUCKETS)
  assert.ok(ours.control.length > Math.max(...Object.values(CONTROL)))
  assert.ok(ours.clock.length > Math.max(...Object.values(CLOCK)))
})

test('the ring has a power of two of places: its cursors wrap', () => {
  assert.equal(Math.log2(RING_CAPACITY) % 1, 0)
})

test('a channel takes little more than a megabyte of address space for its ring and names', () => {
  assert.ok(createChannel().buffer.byteLength < 3 * 2 ** 20)
})

/** The wire: a number that changes its meaning breaks every recording and every agent of another version. */
test('the numbers of the wire are these', () => {
  assert.deepEqual(EVENT, {
    turn: 1,
    begin: 2,
    route: 3,
    end: 4,
    outlive: 5,
    settle: 6,
    wait: 7,
    resume: 8,
    due: 9,
    pool: 10,
    poolState: 11,
    poolAsk: 12,
    poolTake: 13,
    poolRelease: 14,
    poolFail: 15,
    poolSite: 16,
    capture: 20,
    frames: 21,
    trace: 22,
    span: 23,
    allowed: 24,
    callback: 25,
    callbackOver: 26,
    turnEvents: 27,
    gc: 30,
    hooked: 40,
    stream: 60,
    streamSent: 61,
    streamBuffered: 62,
    streamStalls: 63,
    streamIgnored: 64,
    poolMade: 70,
    unhandled: 71,
    retry: 72,
    renewal: 73,
    stalled: 74,
    sockets: 50,
    socketsSince: 51,
    socketsIn: 52,
    socketsOut: 53,
    socketsBuffered: 54,
    layered: 80,
    layer: 81,
    waited: 90,
    poolConnect: 100,
  })
  assert.deepEqual(TAKE, { readyUnknown: 1, waitUnknown: 2 })
  assert.deepEqual([...ACTIVITY_KINDS], ['request', 'background', 'job', 'ws', 'stream', 'timer'])
  assert.deepEqual(CAPTURE, { block: 0, sample: 1, asleep: 2 })
  assert.equal(START_UP_TURN, 0)
  assert.ok(
    Object.values(EVENT).every((kind) => kind < 256),
    'a kind has eight bits',
  )
})
