import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { createChannel, EVENT, LAYER } from '@loopscope/collector/protocol'
import { Activities } from './activity.ts'
import { LayerRun, Layers } from './layers.ts'
import { Recorder } from './recorder.ts'
import { watch } from './watch.ts'

let clock = 0
const now = (): number => clock
const later = (ms: number): void => void (clock += ms)
const times = ({ onLoop, wait, failed }: { onLoop: number; wait: number; failed: boolean }): unknown[] => [
  onLoop,
  wait,
  failed,
]

beforeEach(() => {
  clock = 1000
})

suite('the measurement of one request', () => {
  test('a layer that calls the next in its synchronous part does not have its time', () => {
    const run = new LayerRun(now)
    const outer = run.enter(1)
    later(2)
    run.pass(outer)
    const inner = run.enter(2)
    later(30)
    run.leave(inner, true)
    later(3)
    run.leave(outer, false)
    assert.deepEqual([outer, inner].map(times), [
      [5, 0, false],
      [30, 0, false],
    ])
  })

  test('one that passes the request on later has waited until then, and what runs below is none of it', () => {
    const run = new LayerRun(now)
    const outer = run.enter(1)
    later(2)
    run.leave(outer, false)
    later(40)
    run.pass(outer)
    const inner = run.enter(2)
    later(5)
    run.leave(inner, true)
    run.pass(outer)
    assert.deepEqual([outer, inner].map(times), [
      [2, 40, false],
      [5, 0, false],
    ])
  })

  test('one that waits for those below it has waited for the rest', async () => {
    const run = new LayerRun(now)
    const outer = run.enter(1)
    later(1)
    let end = (): void => {}
    const below = run.watchBelow(outer, () => {
      const inner = run.enter(2)
      later(4)
      run.leave(inner, false)
      return new Promise<void>((resolve) => (end = resolve))
    }) as Promise<void>
    run.leave(outer, false)
    later(50)
    end()
    await below
    later(7)
    run.pass(outer)
    assert.deepEqual(times(outer), [1, 7, false])
  })

  test('a promise that is watched has the same outcome, and one that nobody handles is told as such', async () => {
    const said: string[] = []
    const on = (text: string) => () => void said.push(text)
    assert.equal(await watch(Promise.resolve(7), on('done'), on('failed')), 7)
    await assert.rejects(
      watch(Promise.reject(new Error('no')), on('done'), on('failed')) as Promise<unknown>,
      /^Error: no$/,
    )
    assert.equal(watch(3, on('done'), on('failed')), 3)
    assert.deepEqual(said, ['done', 'failed'])
  })
})

suite('which requests are measured', () => {
  test('about 20 a second, however many there are, and each of few', () => {
    const layers = new Layers(new Recorder(createChannel()), now, { all: false })
    let measured = 0
    for (let i = 0; i < 100_000; i++) {
      if (layers.pick(i / 10) !== undefined) measured++
    }
    assert.ok(measured > 120 && measured < 300, `${measured} in 10 s`)
    let ofFew = 0
    for (let i = 1; i <= 100; i++) if (layers.pick(10_000 + i * 101) !== undefined) ofFew++
    assert.equal(ofFew, 100)
  })

  test('what was measured is told before the end of the request, and never more than 64 calls', () => {
    const channel = createChannel()
    const recorder = new Recorder(channel)
    const activities = new Activities(recorder, now, { context: true })
    activities.layers = new Layers(recorder, now, { all: true })
    const activity = activities.begin('request', recorder.name('GET'))
    const name = activities.layers.name('handler', 'answers')
    for (let i = 0; i < 100; i++) {
      const call = activity.layers!.enter(name)
      later(1)
      activity.layers!.leave(call, false)
    }
    later(3)
    activities.end(activity, 'ok', 200)
    const kinds = Array.from({ length: 67 }, (_, i) => channel.ring[i * 4 + 1]! % 256)
    assert.deepEqual(kinds, [EVENT.begin, EVENT.layered, ...new Array<number>(64).fill(EVENT.layer), EVENT.end])
    const last = channel.ring[65 * 4 + 3]!
    assert.equal(last % LAYER.units, 1000)
    assert.equal(Math.floor(last / LAYER.units), 39_000)
  })
})
