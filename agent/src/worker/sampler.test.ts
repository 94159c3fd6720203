import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAPTURE } from '@loopscope/collector/protocol'
import { meanIntervalMs, Sampler } from './sampler.ts'

test('samples are taken 20 times a second, and less often when they cost more than 0.3 %', () => {
  assert.equal(meanIntervalMs({ captures: 0, ms: 0 }), 50)
  assert.equal(meanIntervalMs({ captures: 100, ms: 5 }, 0.5), 50, '0.25 ms each, half of the time')
  assert.equal(meanIntervalMs({ captures: 100, ms: 5 }), 0.25 / 0.003, '0.25 ms each, all the time')
  assert.equal(meanIntervalMs({ captures: 100, ms: 100 }), 1.2 / 0.003, '1 ms each')
})

test('an idle loop is left asleep, a busy one is sampled, whatever its turn', () => {
  const taken: number[][] = []
  let busy = false
  const sampler = new Sampler({
    capture: (beat, reason) => taken.push([beat, reason]),
    isBusy: () => busy,
    cost: () => ({ captures: 0, ms: 0 }),
    random: () => 0.5,
  })
  sampler.sample(0)
  assert.deepEqual(taken, [])
  busy = true
  sampler.sample(sampler.nextAt)
  assert.deepEqual(taken, [[-1, CAPTURE.sample]])
})

test('the spacing is exponential: its mean is the interval, two thirds of it are shorter', () => {
  let next = 0
  const sampler = new Sampler({
    capture: () => {},
    isBusy: () => false,
    cost: () => ({ captures: 0, ms: 0 }),
    random: () => (next = (next + 0.6180339887) % 1),
  })
  const gaps = Array.from({ length: 2000 }, () => {
    sampler.draw(1000)
    return sampler.nextAt - 1000
  })
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  assert.ok(Math.abs(mean - 50) < 2, `${mean}`)
  const shorter = gaps.filter((gap) => gap < 50).length / gaps.length
  assert.ok(Math.abs(shorter - (1 - 1 / Math.E)) < 0.02, `${shorter}`)
  assert.ok(Math.max(...gaps) <= 500)
})
