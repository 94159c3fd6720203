import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { accountOf, prove, type Account, type Reading } from './evidence.ts'

const account = (some: Partial<Account>): Account => ({
  outside: 0,
  busy: 100,
  cpu: 100,
  runDelay: 0,
  atWork: 3,
  asleep: 0,
  ...some,
})

suite('of 100 ms, the cause', () => {
  test('is the code’s own when nothing else is known', () => {
    assert.deepEqual(prove(100, {}, null), { evidence: {}, cause: undefined, own: 100 })
  })

  test('is whatever took the largest part', () => {
    const cause = (gc: number, runDelay: number, stoodStill: number) =>
      prove(100, { account: account({ cpu: 100 - runDelay - stoodStill, runDelay }), gc, stoodStill }, null).cause
    assert.equal(cause(30, 20, 15), undefined)
    assert.equal(cause(40, 20, 15), 'gc')
    assert.equal(cause(20, 45, 15), 'cpu-starved')
    assert.equal(cause(20, 5, 49), 'suspended')
  })

  test('is a standstill where code that does not sleep was not run', () => {
    const stolen = account({ cpu: 30, runDelay: 5 })
    assert.deepEqual(prove(100, { account: stolen }, 'JSON.parse'), {
      evidence: { cpu: 30, runDelay: 5, suspended: 65 },
      cause: 'suspended',
      own: 30,
    })
  })

  test('is one for a call that never sleeps, whatever a look has found', () => {
    const looked = account({ cpu: 10, runDelay: 5, atWork: 0, asleep: 1 })
    assert.equal(prove(100, { account: looked }, 'zlib.gzipSync').cause, 'suspended')
    assert.equal(prove(100, { account: looked }, null).cause, undefined)
  })

  test('is one too where only a capture has found it at work', () => {
    const stolen = account({ cpu: 4, runDelay: 3, atWork: 0 })
    assert.equal(prove(100, { account: stolen }, null).cause, 'suspended')
  })

  test('is the system’s where code that does not sleep was run for a smaller part, whatever the rest was', () => {
    assert.equal(prove(100, { account: account({ cpu: 21, runDelay: 40 }) }, null).cause, 'cpu-starved')
    assert.equal(prove(100, { account: account({ cpu: 41, runDelay: 21 }) }, null).cause, undefined)
  })

  for (const [what, findings, api] of [
    ['calls something that does', {}, 'child_process.execSync'],
    ['was mostly seen asleep', { asleep: 4 }, null],
    ['was not seen at all', { atWork: 0 }, undefined],
    ['may have waited for a disk', { atWork: 0 }, 'fs.readFileSync'],
  ] as const) {
    test(`is none where the code ${what}`, () => {
      const { cause, evidence } = prove(100, { account: account({ cpu: 30, ...findings }) }, api)
      assert.deepEqual([cause, evidence.suspended], [undefined, undefined])
    })
  }

  test('is none where the thread has run all the time: then only the agent’s worker stood still', () => {
    const { cause, evidence } = prove(100, { account: account({ cpu: 95 }), stoodStill: 80 }, null)
    assert.deepEqual([cause, evidence.suspended], [undefined, 5])
  })

  test('is a standstill where a debugger had paused the thread, which sleeps then', () => {
    const { cause, evidence } = prove(100, { account: account({ cpu: 3, atWork: 0, asleep: 4 }), paused: 20 }, null)
    assert.deepEqual([cause, evidence.suspended], ['suspended', 97])
  })

  test('is one for a call that sleeps too, when the worker knows of it', () => {
    const asleep = account({ cpu: 2, asleep: 4 })
    assert.equal(prove(100, { account: asleep, stoodStill: 70 }, 'Atomics.wait').cause, 'suspended')
  })

  test('is not a collection that was not run itself', () => {
    assert.equal(prove(100, { gc: 95, account: account({ cpu: 30, runDelay: 70 }) }, null).cause, 'cpu-starved')
    assert.equal(prove(100, { gc: 95, stoodStill: 60, account: account({ cpu: 35 }) }, null).cause, 'suspended')
  })

  test('is a lack of processors where the quota held the program back', () => {
    assert.equal(prove(100, { account: account({ cpu: 20, runDelay: 1, throttled: 200 }) }, null).cause, 'cpu-starved')
    const asleep = account({ cpu: 2, throttled: 200 })
    assert.equal(prove(100, { account: asleep }, 'child_process.execSync').cause, undefined)
  })
})

test('of a block that the system has a larger part in, what may have been other turns is not charged to its code', () => {
  const said = { busy: 150, cpu: 80, runDelay: 70 }
  assert.equal(prove(100, { account: account({ ...said, outside: 60 }) }, null).own, 20)
  assert.equal(prove(100, { paused: 60 }, null).own, 0)
})

test('what other turns between the two looks have used is not charged to the block', () => {
  const { evidence } = prove(100, { account: account({ outside: 100, busy: 200, cpu: 120, runDelay: 60 }) }, null)
  assert.deepEqual(evidence, { cpu: 60, runDelay: 30 })
  assert.deepEqual(prove(100, { account: account({ outside: 100, cpu: 130, runDelay: 70 }) }, null).evidence, {
    cpu: 65,
    runDelay: 35,
  })
  const near = prove(100, { account: account({ outside: 10, cpu: 40, runDelay: 80 }) }, null)
  assert.equal(near.evidence.runDelay, 70, 'the others were not there for longer')
  const asleep = prove(100, { account: account({ outside: 50, cpu: 20, runDelay: 60, asleep: 4 }) }, null)
  assert.deepEqual([asleep.evidence.runDelay, asleep.cause], [40, undefined], 'one that slept')
  const idle = prove(100, { account: account({ cpu: 30, runDelay: 70 }) }, null)
  assert.deepEqual(idle.evidence, { cpu: 30, runDelay: 70 }, 'a loop at rest uses nothing')
})

test('a block’s account lies between the last reading before it and the first one after it', () => {
  const at = (time: number, cpu: number): Reading => ({ at: time, busy: cpu, cpu, runDelay: 0, atWork: 0, asleep: 0 })
  const readings = [at(80, 10), at(95, 20), at(104, 28), at(210, 100), at(230, 110)]
  assert.equal(accountOf(100, 200, readings)!.cpu, 80)
  assert.equal(accountOf(103.5, 200, readings)!.cpu, 72, 'one right after its begin has missed nothing')
  assert.equal(accountOf(70, 200, readings), undefined)
  const stopped = accountOf(100, 200, readings, [{ from: 90, to: 110 }])!
  assert.deepEqual([stopped.busy, stopped.outside], [75, 10], 'a turn beside it that stood still used nothing then')
  assert.equal(accountOf(100, 240, readings), undefined, 'not yet')
})
