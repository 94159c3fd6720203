import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CONTROL, createChannel, EVENT, MAX_NAME, MAX_NAMES, RING_CAPACITY } from '@loopscope/collector/protocol'
import { Reader } from '../worker/reader.ts'
import { Recorder } from './recorder.ts'

type Event = [kind: number, id: number, time: number, a: number, b: number]

function setup() {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  const reader = new Reader(channel)
  const events: Event[] = []
  const drain = (): void => {
    while (reader.drain((...event) => events.push(event)));
  }
  return { channel, recorder, reader, events, drain }
}

suite('an event', () => {
  test('comes out as it went in', () => {
    const { recorder, events, drain } = setup()
    recorder.record(EVENT.begin, 2 ** 44, 123.456, -1, 2 ** 52)
    recorder.record(EVENT.hooked, 0, 0, 0, 0)
    drain()
    assert.deepEqual(events, [
      [EVENT.begin, 2 ** 44, 123.456, -1, 2 ** 52],
      [EVENT.hooked, 0, 0, 0, 0],
    ])
  })

  test('is dropped and counted when the ring is full; what is in it is not touched', () => {
    const { channel, recorder, events, drain } = setup()
    for (let id = 0; id < RING_CAPACITY + 100; id++) recorder.record(EVENT.begin, id, id, 0, 0)
    assert.equal(channel.control[CONTROL.dropped], 100)
    drain()
    assert.equal(events.length, RING_CAPACITY)
    assert.ok(events.every(([, id], i) => id === i))
    recorder.record(EVENT.end, 7, 0, 0, 0)
    drain()
    assert.deepEqual(events.at(-1), [EVENT.end, 7, 0, 0, 0])
    assert.equal(channel.control[CONTROL.dropped], 100, 'there is room again')
  })

  test('keeps its order for more events than the ring holds, drained in slices', () => {
    const { channel, recorder, events, reader } = setup()
    let next = 0
    const total = RING_CAPACITY * 3 + 17
    while (next < total) {
      for (let i = 0; i < 5000 && next < total; i++) recorder.record(EVENT.begin, next++, 0, 0, 0)
      reader.drain((...event) => events.push(event))
      reader.drain((...event) => events.push(event))
    }
    while (reader.drain((...event) => events.push(event)));
    assert.equal(channel.control[CONTROL.dropped], 0)
    assert.equal(events.length, total)
    assert.ok(events.every(([, id], i) => id === i))
  })

  test('goes on past the end of the 32-bit cursors', () => {
    const channel = createChannel()
    channel.control[CONTROL.head] = 2 ** 31 - 5
    channel.control[CONTROL.tail] = 2 ** 31 - 5
    const recorder = new Recorder(channel)
    const reader = new Reader(channel)
    const ids: number[] = []
    for (let id = 0; id < 20; id++) recorder.record(EVENT.begin, id, 0, 0, 0)
    assert.ok(channel.control[CONTROL.head]! < 0, 'the cursor has wrapped')
    reader.drain((_, id) => ids.push(id))
    assert.deepEqual(
      ids,
      Array.from({ length: 20 }, (_, i) => i),
    )
    for (let id = 0; id < RING_CAPACITY + 1; id++) recorder.record(EVENT.begin, id, 0, 0, 0)
    assert.equal(channel.control[CONTROL.dropped], 1)
  })

  test('wakes a sleeping worker, once', async () => {
    const { channel, recorder } = setup()
    const { control } = channel
    control[CONTROL.dozing] = 1
    const wait = Atomics.waitAsync(control, CONTROL.dozing, 1, 5000)
    assert.ok(wait.async)
    recorder.record(EVENT.begin, 1, 0, 0, 0)
    assert.equal(await wait.value, 'ok')
    assert.equal(control[CONTROL.dozing], 0)
  })
})

suite('a name', () => {
  test('has one id, and is read back by it, whatever is in it', () => {
    const { recorder, reader } = setup()
    const names = ['GET', '/cart/:id', '', 'a\0b\0c', '日本 🐢', 'x'.repeat(MAX_NAME)]
    const ids = names.map((name) => recorder.name(name))
    assert.equal(new Set(ids).size, names.length)
    assert.deepEqual(
      names.map((name) => recorder.name(name)),
      ids,
    )
    assert.deepEqual(
      ids.map((id) => reader.name(id)),
      names,
    )
  })

  test('that is too long is cut', () => {
    const { recorder, reader } = setup()
    assert.equal(reader.name(recorder.name('y'.repeat(5000))), 'y'.repeat(MAX_NAME))
  })

  test('beyond the table has id 0, and is counted; those before stay', () => {
    const { channel, recorder, reader } = setup()
    const first = recorder.name('first')
    for (let i = 0; i < MAX_NAMES + 50; i++) recorder.name(`name ${i}`)
    assert.equal(recorder.name('late'), 0)
    assert.ok(channel.control[CONTROL.namesLost]! >= 50)
    assert.equal(reader.name(first), 'first')
    assert.equal(reader.name(0), '(unnamed)')
    assert.equal(recorder.naming, false)
  })
})
