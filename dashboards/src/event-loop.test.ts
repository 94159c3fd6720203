import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLoopDashboard } from './event-loop.ts'
import { EVENT_LOOP } from './panels/index.ts'

interface Placed {
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string }[]
}

const dashboard = eventLoopDashboard()
const placed = (dashboard.panels ?? []) as unknown as Placed[]

test('the dashboard has every panel under the title of its row, in order', () => {
  const expected = EVENT_LOOP.flatMap((row) => [row.title, ...row.panels.map((panel) => panel.title)])
  assert.deepEqual(
    placed.map((panel) => panel.title),
    expected,
  )
})

test('panels lie within the 24 columns and on top of no other', () => {
  for (const [index, panel] of placed.entries()) {
    const a = panel.gridPos
    assert.ok(a.x >= 0 && a.x + a.w <= 24, panel.title)
    for (const other of placed.slice(index + 1)) {
      const b = other.gridPos
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
      assert.ok(apart, `"${panel.title}" lies on "${other.title}"`)
    }
  }
})

test('every query of a panel has an id of its own', () => {
  for (const { title, targets = [] } of placed) {
    assert.equal(new Set(targets.map((target) => target.refId)).size, targets.length, title)
  }
})

test('the data source, the job and the instance are chosen by variables, all of them at first', () => {
  const variables = dashboard.templating?.list ?? []
  assert.deepEqual(
    variables.map((variable) => variable.name),
    ['datasource', 'job', 'instance'],
  )
  assert.ok(variables.slice(1).every((variable) => variable.multi && variable.includeAll && variable.allValue === '.*'))
  assert.ok(!JSON.stringify(placed).includes('"uid":"prometheus"'), 'a data source is named by its id')
})
