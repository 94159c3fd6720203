import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import vm from 'node:vm'
import { Worker } from 'node:worker_threads'
import { CAPTURE, CONTROL, createChannel, EVENT, PART } from '@loopscope/collector/protocol'
import { announce } from '../worker/capturer.ts'
import { Reader } from '../worker/reader.ts'
import { Activities } from './activity.ts'
import { installCapture } from './capture.ts'
import { now } from './clock.ts'
import { installGuards } from './guard.ts'
import { Recorder } from './recorder.ts'

const channel = createChannel()
const { control } = channel
const recorder = new Recorder(channel)
const originals = Object.getOwnPropertyDescriptors(vm.Script.prototype)
installCapture({ recorder, activities: new Activities(recorder, now, { context: true }), now })
installGuards(control, now, true)
const reader = new Reader(channel)

/** The reasons and the names of the frames of what was captured since the last time. */
function captured(): { reason: number; frames: string[] }[] {
  const all: { reason: number; frames: string[] }[] = []
  reader.drain((kind, id, time, a, b) => {
    if (kind === EVENT.capture) all.push({ reason: b % 4, frames: [] })
    else if (kind === EVENT.frames) {
      all.at(-1)!.frames.push(...[id, time, a, b].filter(Boolean).map((name) => reader.name(name).split(PART)[3]!))
    }
  })
  return all
}

/** What a script sees of the flag, and whether the worker would ask for a capture of it. */
const asked = {
  look: (reason: number = CAPTURE.block) => ({ guarded: control[CONTROL.guarded], asks: announce(control, reason) }),
}
const seen = (run: (code: string) => unknown): unknown => run('look()')

suite('a script of node:vm', () => {
  test('with a time limit is not captured, in any of its ways to run, and the next code is', () => {
    const context = vm.createContext({ ...asked })
    Object.assign(globalThis, asked)
    const limit = { timeout: 1000 }
    const ways: ((code: string) => unknown)[] = [
      (code) => vm.runInThisContext(code, limit),
      (code) => vm.runInContext(code, context, limit),
      (code) => vm.runInNewContext(code, { ...asked }, limit),
      (code) => new vm.Script(code).runInContext(context, { breakOnSigint: true }),
      (code) => new vm.Script(code).runInThisContext(Object.create(limit) as vm.RunningScriptOptions),
      (code) => new vm.Script(code).runInThisContext({ get timeout() { return 1000 } }), // prettier-ignore
    ]
    for (const way of ways) {
      assert.equal((seen(way) as { asks: boolean }).asks, false, way.toString())
      assert.equal(control[CONTROL.guarded], 0)
      assert.equal(control[CONTROL.asking], 0)
    }
    delete (globalThis as { look?: unknown }).look
    captured()
  })

  test('without one is captured as all else', () => {
    const context = vm.createContext({ ...asked })
    for (const options of [
      undefined,
      {},
      { filename: 'a.js' },
      'a.js',
      { timeout: undefined },
      { breakOnSigint: false },
    ]) {
      assert.deepEqual(vm.runInContext('look()', context, options), { guarded: 0, asks: true })
      control[CONTROL.asking] = 0
    }
  })

  test('that was to be captured is, as the call that ran it', () => {
    captured()
    function sandboxed(): void {
      vm.runInNewContext('look()', { ...asked }, { timeout: 1000 })
    }
    sandboxed()
    const [block, ...more] = captured()
    assert.deepEqual(more, [])
    assert.equal(block!.reason, CAPTURE.block)
    assert.match(block!.frames[0]!, /^native vm\.Script\.runIn/)
    assert.ok(block!.frames.includes('sandboxed'), block!.frames.join())
    vm.runInThisContext('1', { timeout: 1000 })
    assert.deepEqual(captured(), [], 'once')
  })

  test('throws what it threw, and its time limit ends it', () => {
    assert.throws(() => vm.runInThisContext('throw new RangeError("mine")', { timeout: 1000 }), { message: 'mine' })
    assert.throws(() => vm.runInThisContext('for (;;);', { timeout: 5 }), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' })
    assert.throws(() => vm.runInThisContext('1', { timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' })
    assert.equal(control[CONTROL.guarded], 0)
  })

  test('waits for a capture that is under way, and not for long for one that does not come', () => {
    control[CONTROL.asking] = 1
    const began = now()
    assert.equal(vm.runInThisContext('2', { timeout: 1000 }), 2)
    const waited = now() - began
    assert.ok(waited >= 5 && waited < 1000, `${waited} ms`)
    assert.equal(control[CONTROL.asking], 0)
  })

  test('has methods of the same name, length and flags', () => {
    for (const name of ['runInContext', 'runInThisContext', 'runInNewContext'] as const) {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(vm.Script.prototype, name)!
      const { value: original, ...before } = originals[name]!
      assert.deepEqual(flags, before)
      assert.deepEqual([(value as () => void).name, (value as () => void).length], [original!.name, original!.length])
    }
  })
})

test('while a thread is being terminated no thread is captured, and none is being captured when it begins', async () => {
  const worker = new Worker('for (;;);', { eval: true })
  await once(worker, 'online')
  control[CONTROL.askingThreads] = 1
  const ended = worker.terminate()
  assert.deepEqual([control[CONTROL.ending], control[CONTROL.askingThreads]], [1, 0])
  assert.equal(await ended, 1)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(control[CONTROL.ending], 0)
  assert.equal(await worker.terminate(), undefined, 'of one that has ended')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(control[CONTROL.ending], 0)
})
