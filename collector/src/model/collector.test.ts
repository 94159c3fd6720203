import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SNAPSHOT_NOW as NOW, snapshotOf } from '../testing/snapshot.ts'
import { Collector, type CollectorOptions } from './collector.ts'

function withFrames(options: CollectorOptions, ...ids: string[]): Collector {
  const collector = new Collector(options)
  for (const id of ids) assert.ok(!('error' in collector.accept(snapshotOf(id), NOW)))
  return collector
}

const statuses = (collector: Collector, now: number) =>
  collector.tables(now).instances.map(({ id, status }) => `${id} ${status}`)

test('a source is asked when somebody asks, and once in 100 ms at most', () => {
  const collector = new Collector()
  const asked: number[] = []
  collector.add({ id: 'main', snapshot: (now) => (asked.push(now), snapshotOf('main', now)) })
  assert.deepEqual(asked, [])
  collector.snapshots(NOW)
  collector.tables(NOW + 99)
  collector.tables(NOW + 100)
  assert.deepEqual(asked, [NOW, NOW + 100])
})

test('a clock that was set back does not freeze a source', () => {
  const collector = new Collector()
  const asked: number[] = []
  collector.add({ id: 'main', snapshot: (now) => (asked.push(now), snapshotOf('main', now)) })
  collector.snapshots(NOW)
  collector.snapshots(NOW - 60_000)
  assert.deepEqual(asked, [NOW, NOW - 60_000])
})

test('a source that was taken away is gone at once, and its id is free again', () => {
  const collector = new Collector()
  const source = { id: 'main', snapshot: (now: number) => snapshotOf('main', now) }
  const remove = collector.add(source)
  assert.throws(() => collector.add(source), /instance main is added twice: remove/)
  remove()
  assert.deepEqual(collector.snapshots(NOW), [])
  collector.add(source)
  remove()
  assert.equal(collector.snapshots(NOW).length, 1, 'the old remover does not touch the new source')
})

test('a frame is kept until the next one of its instance', () => {
  const collector = withFrames({}, 'a')
  const next = snapshotOf('a', NOW + 1000)
  next.loop[0]!.utilization = 0.1
  collector.accept(next, NOW + 1000)
  assert.deepEqual(
    collector.tables(NOW + 1000).loop.map(({ utilization }) => utilization),
    [0.1],
  )
})

test('a frame that is broken, or of an instance of this process, is refused and changes nothing', () => {
  const collector = new Collector()
  collector.add({ id: 'main', snapshot: (now) => snapshotOf('main', now) })
  const problem = (frame: unknown) => {
    const result = collector.accept(frame, NOW)
    return 'error' in result ? result.error : 'accepted'
  }
  assert.equal(problem({ id: 'a' }), 'snapshot.now must be a finite number')
  assert.equal(problem(snapshotOf('main')), "instance main is one of the collector's own")
  assert.deepEqual(statuses(collector, NOW), ['main blocked'])
})

test('the number of instances is bounded, and room is made by those that are forgotten', () => {
  const collector = withFrames({ maxInstances: 2 }, 'a', 'b')
  assert.deepEqual(collector.accept(snapshotOf('c'), NOW), {
    error: 'the collector holds 2 instances and takes no more',
  })
  assert.ok(!('error' in collector.accept(snapshotOf('b'), NOW + 1)), 'a known one goes on')
  assert.ok(!('error' in collector.accept(snapshotOf('c'), NOW + 60_000)))
})

test('an instance has exited when its connection closes or after 10 s of silence, and is forgotten after 60 s', () => {
  const collector = withFrames({}, 'a', 'b')
  collector.left('a')
  assert.deepEqual(statuses(collector, NOW + 9999), ['a exited', 'b blocked'])
  assert.deepEqual(statuses(collector, NOW + 10_000), ['a exited', 'b exited'])
  assert.deepEqual(statuses(collector, NOW + 59_999), ['a exited', 'b exited'])
  assert.deepEqual(statuses(collector, NOW + 60_000), [])
})

test('an instance that comes back is live again', () => {
  const collector = withFrames({}, 'a')
  collector.left('a')
  collector.accept(snapshotOf('a'), NOW + 500)
  assert.deepEqual(statuses(collector, NOW + 600), ['a blocked'])
})

test('after its exit an instance has a history and no present', () => {
  const collector = withFrames({}, 'a')
  collector.left('a')
  const { loop, tasks, pools, background, blocks, routes } = collector.tables(NOW)
  assert.deepEqual([loop, tasks, pools, background], [[], [], [], []])
  assert.deepEqual(
    blocks.map(({ open }) => open),
    [undefined, undefined],
  )
  assert.deepEqual(
    routes.map(({ inFlight, rate }) => [inFlight, rate]),
    [
      [0, 0],
      [0, 0],
    ],
  )
  const again = snapshotOf('a')
  assert.equal(again.blocks.filter(({ open }) => open).length, 1, 'the frame itself had an open block')
})

test('tables are those of all instances, or of one, the worst first', () => {
  const collector = withFrames({}, 'a', 'b')
  const tables = collector.tables(NOW)
  assert.deepEqual(
    tables.blocks.map(({ instance, open }) => [instance, open ?? false]),
    [
      ['a', true],
      ['b', true],
      ['a', false],
      ['b', false],
    ],
  )
  assert.deepEqual([...new Set(collector.tables(NOW, { instance: 'b' }).hot.map(({ instance }) => instance))], ['b'])
  assert.deepEqual(collector.tables(NOW, { instance: 'nobody' }).instances, [])
})

test('a limit leaves the first rows of each table', () => {
  const tables = withFrames({}, 'a', 'b').tables(NOW, { limit: 1 })
  assert.deepEqual([tables.blocks.length, tables.tasks.length, tables.instances.length], [1, 1, 1])
  assert.equal(tables.tasks[0]!.age, 41_000)
})

test('since leaves out blocks that ended before, but never one that is open', () => {
  const collector = withFrames({}, 'a')
  assert.equal(collector.tables(NOW, { since: NOW - 8000 }).blocks.length, 2)
  assert.deepEqual(
    collector.tables(NOW, { since: NOW - 7999 }).blocks.map(({ open }) => open),
    [true],
  )
  assert.equal(collector.tables(NOW, { since: NOW + 1 }).instances.length, 0)
})
