/** A worker asks this thread for captures, as the agent's does. */
import assert from 'node:assert/strict'
import { execSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { CAPTURE, CLOCK, createChannel, EVENT } from '@loopscope/collector/protocol'
import { Activities } from '../program/activity.ts'
import { installCapture } from '../program/capture.ts'
import { now } from '../program/clock.ts'
import { Recorder } from '../program/recorder.ts'
import { Reader } from './reader.ts'

const ASKS = `
  const { workerData, parentPort } = require('node:worker_threads')
  const { channel, cell, modules } = workerData
  Promise.all(modules.map((url) => import(url))).then(([{ createCapturer }, { now }]) => {
    const capture = createCapturer(channel, now)
    setInterval(() => {
      if (Atomics.load(cell, 0) === 0) return
      capture(-1, ${CAPTURE.block})
      Atomics.add(cell, 1, 1)
    }, 5)
    parentPort.postMessage('ready')
  })`

test('while one is out no other is asked for, so each knows for how long it had to wait', async (t) => {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  t.after(installCapture({ recorder, activities: new Activities(recorder, now, { context: true }), now }))
  const reader = new Reader(channel)
  const cell = new Int32Array(new SharedArrayBuffer(8))
  const modules = ['./capturer.ts', '../program/clock.ts'].map((file) => new URL(file, import.meta.url).href)
  const worker = new Worker(ASKS, {
    eval: true,
    workerData: { channel: { clock: channel.clock, control: channel.control }, cell, modules },
  })
  t.after(() => worker.terminate())
  await once(worker, 'message')

  const lateOnes = (hold: () => void): number[] => {
    const late: number[] = []
    Atomics.store(cell, 1, 0)
    Atomics.store(cell, 0, 1)
    hold()
    Atomics.store(cell, 0, 0)
    for (const end = now() + 20; now() < end;); // those that are out are taken
    reader.drain((kind, _id, _time, _a, b) => {
      if (kind === EVENT.capture) late.push(Math.floor(b / 4 / 64))
    })
    return late
  }
  const inCall = lateOnes(() => execSync('sleep 0.5'))
  assert.ok(Atomics.load(cell, 1) > 5, 'the worker has tried again and again')
  assert.ok(inCall.length >= 1 && inCall.length <= 4, `${inCall.length} captures in one native call`)
  assert.ok(Math.max(...inCall) > 100, `taken ${inCall.join(', ')} ms late`)

  const inLoop = lateOnes(() => {
    for (const end = now() + 500; now() < end;);
  })
  assert.ok(inLoop.length > 1, `${inLoop.length} captures in a loop`)
  assert.equal(channel.clock[CLOCK.asked], 0, 'none is out')
})
