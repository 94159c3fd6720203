import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PoolRow } from '@loopscope/collector/protocol'
import { LOOK, watched } from '../testing/scene.ts'
import { poolState } from './pools.ts'
import { screenText } from '../testing/golden.ts'
import { screenful } from './screenful.ts'

const NONE = { p50: 0, p99: 0, max: 0 }

const row: PoolRow = {
  instance: 'a',
  kind: 'http-client',
  system: 'undici',
  name: 'api.internal:8080',
  limit: null,
  used: 7,
  idle: 2,
  pending: 3,
  wait: NONE,
  use: NONE,
  timeouts: 0,
  holders: [],
}

test('a pool without a limit is never full, and says how many are in use of no number', () => {
  assert.equal(poolState(row), 'fine')
  assert.equal(poolState({ ...row, limit: 7 }), 'act')
  const state = watched({ edit: (snapshot) => (snapshot.pools = [row]) })
  const text = screenText(screenful({ ...state, view: 'pools' }, { columns: 120, rows: 24 }, LOOK))
  assert.match(text, /undici api\.internal:8080\s+7\/-/)
})

test('calls to a host say how long connecting and the answer took, where there is room', () => {
  const times = { connect: { p50: 12, p99: 31, max: 33 }, firstByte: { p50: 41, p99: 380, max: 402 } }
  const state = watched({
    edit: (snapshot) =>
      (snapshot.pools = [
        { ...row, ...times },
        { ...row, name: 'silent' },
      ]),
  })
  const wide = screenText(screenful({ ...state, view: 'pools' }, { columns: 160, rows: 24 }, LOOK))
  assert.match(wide, /USE P99\s+CONNECT\/ANSWER P99/)
  assert.match(wide, /api\.internal:8080 .* 31ms \/ 380ms/)
  assert.match(wide, /silent .* -  /)
  const narrow = screenText(screenful({ ...state, view: 'pools' }, { columns: 120, rows: 24 }, LOOK))
  assert.doesNotMatch(narrow, /CONNECT/)
})

test('a queue in which tasks wait does what it is for; jobs that lose their lock are a trouble, and the code is named', () => {
  const queue: PoolRow = { ...row, kind: 'queue', system: 'bullmq', name: 'mails', limit: 2, used: 2, idle: null }
  assert.equal(poolState({ ...queue, pending: 0, wait: { p50: 900, p99: 900, max: 900 } }), 'fine')
  assert.equal(poolState({ ...queue, pending: 7 }), 'look')
  const jobs = { stalled: 1, lateRenewals: 2, worstRenewal: { late: 4100, at: 0, block: 'b' } }
  assert.equal(poolState({ ...queue, pending: null, jobs }), 'act')
  const state = watched({
    edit: (snapshot) => {
      snapshot.pools = [{ ...queue, pending: null, jobs }]
      snapshot.blocks[0]!.id = 'b'
    },
  })
  const text = screenText(screenful({ ...state, view: 'pools' }, { columns: 160, rows: 24 }, LOOK))
  assert.match(text, /1 jobs lost their lock, 2 renewals of locks came late, by 4\.1s: \w+ at \S+:\d+ held the loop/)
})
