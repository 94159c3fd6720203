import assert from 'node:assert/strict'
import { pbkdf2 } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../program/clock.ts'
import { poolSize, startThreadPoolProbe } from './threadpool.ts'

test('the size is as libuv reads it', () => {
  assert.equal(poolSize({}), 4)
  assert.equal(poolSize({ UV_THREADPOOL_SIZE: '16' }), 16)
  assert.equal(poolSize({ UV_THREADPOOL_SIZE: '9999' }), 1024)
  for (const text of ['0', '-3', 'many', '']) assert.equal(poolSize({ UV_THREADPOOL_SIZE: text }), 4)
})

test('a full pool shows up while it is full: the probe waits, and how long is known before it comes back', async (t) => {
  const waits: number[] = []
  const probe = startThreadPoolProbe({
    now,
    environment: {},
    isResting: () => false,
    waited: (_, ms) => waits.push(ms),
  })
  t.after(() => probe.stop())
  for (let i = 0; i < 100 && waits.length === 0; i++) await sleep(20)
  assert.ok(waits[0]! < 200, `an empty pool answers at once: ${waits[0]} ms`)
  const before = waits.length

  const jobs: Promise<void>[] = []
  for (let i = 0; i < 24; i++) {
    jobs.push(new Promise((resolve) => pbkdf2('secret', 'salt', 250_000, 64, 'sha512', () => resolve())))
  }
  let oldest = 0
  let used = 0
  const all = Promise.all(jobs).then(() => true)
  while (!(await Promise.race([all, sleep(20, false)]))) {
    const reading = probe.read()
    oldest = Math.max(oldest, reading.probeAge)
    used = Math.max(used, reading.used ?? 0)
  }
  for (let i = 0; i < 100 && waits.length === before; i++) await sleep(20)
  const longest = Math.max(...waits.slice(before))
  t.diagnostic(`waited ${longest.toFixed(0)} ms, seen waiting for ${oldest.toFixed(0)} ms, ${used} threads at work`)
  assert.ok(longest > 50, `${longest} ms`)
  assert.ok(oldest > 20, `${oldest} ms`)
  if (probe.read().used !== undefined) assert.ok(used >= 3 && used <= 4, `${used} threads at work`)
})
