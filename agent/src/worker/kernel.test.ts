import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { openKernel } from './kernel.ts'

const WORKER = `
  const { parentPort } = require('node:worker_threads')
  const { basename } = require('node:path')
  const { readlinkSync } = require('node:fs')
  const { execSync } = require('node:child_process')
  parentPort.postMessage(Number(basename(readlinkSync('/proc/thread-self'))))
  parentPort.on('message', (what) => {
    if (what === 'spin') { const end = Date.now() + 200; while (Date.now() < end); }
    if (what === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    if (what === 'exec') execSync('sleep 0.2')
    if (what === 'end') process.exit()
    parentPort.postMessage('done')
  })`

const skip = process.platform === 'linux' ? false : 'the kernel of Linux is asked'

test(
  'a thread in its own poll is idle, in another call asleep, else busy, and unknown when it has ended',
  { skip },
  async (t) => {
    const worker = new Worker(WORKER, { eval: true })
    t.after(() => worker.terminate())
    const [tid] = (await once(worker, 'message')) as [number]
    const kernel = openKernel(tid)!
    assert.ok(kernel)
    for (let i = 0; i < 100 && kernel.state() !== 'idle'; i++) await sleep(10)
    assert.equal(kernel.state(), 'idle')

    for (const what of ['spin', 'wait', 'exec']) {
      const before = kernel.schedule()!
      const done = once(worker, 'message')
      worker.postMessage(what)
      await sleep(80)
      assert.equal(kernel.state(), { spin: 'busy', wait: 'waiting', exec: 'asleep' }[what], what)
      await done
      await sleep(20)
      assert.equal(kernel.state(), 'idle', `after ${what}`)
      const after = kernel.schedule()!
      const time = after.cpu + after.runDelay - before.cpu - before.runDelay
      if (what === 'spin') assert.ok(time > 150, `${time} ms on a processor or waiting for one`)
      if (what === 'wait') assert.ok(after.cpu - before.cpu < 100)
    }

    worker.postMessage('end')
    await once(worker, 'exit')
    for (let i = 0; i < 100 && kernel.state() !== 'unknown'; i++) await sleep(10)
    assert.equal(kernel.state(), 'unknown')
    kernel.close()
  },
)

test('without a thread to ask there is no kernel to ask', () => {
  assert.equal(openKernel(0), undefined)
  assert.equal(openKernel(2 ** 30), undefined)
})
