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
