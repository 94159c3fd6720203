import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Standstill } from './standstill.ts'

/** Sleeps from 100 to 113 ms, and is back at `now`. */
function wake(
  now: number,
  used: { cpu: number; runDelay: number } | undefined,
  busy = 0,
): { from: number; to: number }[] {
  let schedule: typeof used = used && { cpu: 500, runDelay: 20 }
  let idleTime = 7000
  const found: { from: number; to: number }[] = []
  const standstill = new Standstill({
    schedule: () => schedule,
    idleTime: () => idleTime,
    stoodStill: (from, to) => found.push({ from, to }),
  })
  standstill.sleep(100, 113)
  schedule = used && { cpu: 500 + used.cpu, runDelay: 20 + used.runDelay }
  idleTime += now - 100 - busy
  standstill.wake(now)
  return found
}

suite('the process stood still', () => {
  test('when its worker came late and had neither run nor waited for a processor, from when it was due', () => {
    assert.deepEqual(wake(143, { cpu: 0.2, runDelay: 0.1 }), [{ from: 113, to: 143 }])
  })

  test('not when it came in time, as far as timers are exact', () => {
    assert.deepEqual(wake(117, { cpu: 0.2, runDelay: 0 }), [])
  })

  test('not when it had to wait for a processor, or had to do something else', () => {
    assert.deepEqual(wake(143, { cpu: 0.2, runDelay: 25 }), [])
    assert.deepEqual(wake(143, { cpu: 25, runDelay: 0 }), [])
  })

  test('not when its loop was held, by whatever that had to wait for', () => {
    assert.deepEqual(wake(143, { cpu: 2, runDelay: 1 }, 30), [])
  })

  test('is not said without the word of the kernel', () => {
    assert.deepEqual(wake(143, undefined), [])
  })
})
