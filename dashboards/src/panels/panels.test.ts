/** The contract that every panel keeps; a panel has no test of its own. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { describe } from '../panel.ts'
import { metricsIn } from '../testing/metrics-in.ts'
import { WATCHED } from '../promql.ts'
import { EVENT_LOOP } from './index.ts'

const panels = EVENT_LOOP.flatMap((row) => row.panels)

test('every file of this folder is a panel of the dashboard', async () => {
  const files = (await readdir(new URL('.', import.meta.url))).filter((name) => !/^(index|.*\.test)\.ts$/.test(name))
  for (const file of files) {
    const exports = Object.values((await import(new URL(file, import.meta.url).href)) as Record<string, unknown>)
    assert.equal(exports.length, 1, `${file} exports one panel and nothing else`)
    assert.ok(
      panels.some((panel) => panel === exports[0]),
      `${file} is not in index.ts`,
    )
  }
  assert.equal(panels.length, files.length)
  assert.equal(new Set(panels.map((panel) => panel.title)).size, panels.length, 'two panels have the same title')
})

for (const panel of panels) {
  test(`panel "${panel.title}" says what it shows, when that is bad and what to do, and has a unit`, () => {
    assert.ok(panel.shows.length > 30 && panel.shows.endsWith('.'))
    assert.ok(panel.bad.length > 5 && panel.bad.endsWith('.'))
    assert.ok(panel.act.length > 10 && panel.act.endsWith('.'))
    assert.ok(describe(panel).includes(panel.act))
    assert.notEqual(panel.unit, '')
  })

  test(`panel "${panel.title}" asks for metrics that exist, of the chosen jobs and instances only`, () => {
    assert.ok(panel.queries.length > 0)
    for (const { expr } of panel.queries) {
      const { known, unknown, selectors } = metricsIn(expr)
      assert.deepEqual(unknown, [], expr)
      assert.ok(known.length > 0, `no metric in ${expr}`)
      assert.equal(selectors.length, known.length, `a metric without a selector in ${expr}`)
      for (const selector of selectors) assert.ok(selector.startsWith(`{${WATCHED}`), `${selector} in ${expr}`)
    }
  })

  test(`panel "${panel.title}" names in its legends and columns only labels that its queries keep`, () => {
    for (const { expr, legend } of panel.queries) {
      const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap((match) => match[1]!.split(', '))
      for (const match of legend.matchAll(/\{\{(\w+)\}\}/g))
        assert.ok(kept.includes(match[1]!), `${match[1]} in ${expr}`)
      for (const column of Object.keys(panel.columns ?? {})) {
        if (!column.startsWith('Value #')) assert.ok(kept.includes(column), `column ${column} in ${expr}`)
      }
    }
  })
}
