import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { CLASSIC_BORDERS_MS } from '@loopscope/collector'
import { metricsIn } from '../testing/metrics-in.ts'
import { ruleFile } from './index.ts'
import { DEFAULT_PARAMETERS, OBJECTIVE } from './objective.ts'
import type { AlertRule, RecordingRule } from './rule.ts'

const rules = ruleFile(DEFAULT_PARAMETERS).groups.flatMap((group) => group.rules)
const alerts = rules.filter((rule): rule is AlertRule => 'alert' in rule)
const recordings = rules.filter((rule): rule is RecordingRule => 'record' in rule)

test('every metric in a rule exists, and every recorded series is recorded before it is used', () => {
  const recorded = new Set<string>()
  for (const rule of rules) {
    const { known, unknown } = metricsIn(rule.expr)
    assert.deepEqual(unknown, [], rule.expr)
    const uses = rule.expr.match(/\b\w+:\w+:\w+/g) ?? []
    for (const name of uses) assert.ok(recorded.has(name), `${name} is used before it is recorded`)
    assert.ok(known.length + uses.length > 0, `no metric in ${rule.expr}`)
    if ('record' in rule) recorded.add(rule.record)
  }
  assert.equal(recorded.size, recordings.length)
})

test('the objective is one of the borders of the histogram, so that it is counted exactly', () => {
  assert.ok((CLASSIC_BORDERS_MS as readonly number[]).includes(Number(OBJECTIVE.delayBorder) * 1000))
})

test('every alert says where it is and what to do, with the command that shows more', () => {
  assert.ok(alerts.length >= 6)
  for (const { alert, annotations } of alerts) {
    assert.ok(annotations.summary.includes('{{ $labels.loopscope_instance }}'), alert)
    assert.match(annotations.description, /`loopscope [a-z]+ \{\{ \$labels\.instance \}\}`/, alert)
  }
})

test('every alert is under test in rules.test.yaml', async () => {
  const tests = await readFile(new URL('../../rules.test.yaml', import.meta.url), 'utf8')
  for (const { alert } of alerts) assert.match(tests, new RegExp(`alertname(: |=")${alert}\\b`), `${alert} has no test`)
})

test('a label that a metric does not have is not asked for in a summary', () => {
  const known = [
    'job',
    'instance',
    'loopscope_instance',
    'db_client_connection_pool_name',
    'db_system_name',
    'loopscope_task_name',
  ]
  for (const { alert, annotations } of alerts) {
    for (const [, label] of `${annotations.summary} ${annotations.description}`.matchAll(/\$labels\.(\w+)/g)) {
      assert.ok(known.includes(label!), `${label} in ${alert}`)
    }
  }
})
