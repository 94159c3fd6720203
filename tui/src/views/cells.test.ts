import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { watched, LOOK } from '../testing/scene.ts'
import { routeCell, routeText } from './cells.ts'
import { screenful, sceneOf } from './screenful.ts'
import { reduce } from '../state/reduce.ts'
import { screenText } from '../testing/golden.ts'

const request = { kind: 'request', name: 'GET *', id: 'a-r1' } as const

suite('the route of a block', () => {
  const texts = (row: Parameters<typeof routeCell>[0]) => [routeCell(row), routeText(row, 'outside')]

  test('is shown where it is known', () => {
    const known = { route: 'GET /a', activity: request, package: { name: 'router' } }
    assert.deepEqual(texts(known), ['GET /a', 'GET /a'])
  })

  test('is not known yet in the router itself, and not in a request that has none', () => {
    for (const name of ['express', 'router', 'find-my-way', '@koa/router']) {
      const row = { route: null, activity: request, package: { name } }
      assert.deepEqual(texts(row), ['(in the router)', 'no route yet (in the router)'])
    }
    for (const held of [null, { name: 'pg' }]) {
      assert.deepEqual(texts({ route: null, activity: request, package: held }), ['-', 'no route'])
    }
  })

  test('is none outside of any request', () => {
    assert.deepEqual(texts({ route: null, activity: null }), ['-', 'outside'])
    assert.deepEqual(texts({ route: null, activity: { ...request, kind: 'job' } }), ['-', 'outside'])
  })
})

test('a block in the router says so, in the table and in its detail, with the version of the package', () => {
  const edit = (snapshot: Parameters<NonNullable<NonNullable<Parameters<typeof watched>[0]>['edit']>>[0]): void => {
    snapshot.culprits = []
    snapshot.blocks = [
      {
        ...snapshot.blocks.find((row) => !row.open)!,
        ...{ function: 'regexpMatcher', file: 'node_modules/router/lib/layer.js', line: 64, api: 'RegExp.exec' },
        ...{ route: null, activity: request, package: { name: 'router', version: '2.3.0' } },
      },
    ]
  }
  const state = { ...watched({ edit }), view: 'blocks' as const }
  const size = { columns: 140, rows: 30 }
  assert.match(screenText(screenful(state, size, LOOK)), /regexpMatcher .* \(in the router\) /)
  const { rows } = sceneOf(state, size, LOOK)
  const opened = screenText(screenful(reduce(state, { type: 'open', keys: rows }), size, LOOK))
  assert.match(opened, /regexpMatcher .* no route yet \(in the router\)/)
  assert.match(opened, /in package router 2\.3\.0/)
})
