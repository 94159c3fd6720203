import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRICS } from './names.ts'
import { prometheusLabel, prometheusName } from './prometheus-name.ts'

test('a name gets its unit in words, and _total on a counter', () => {
  assert.equal(prometheusName('loopscope.eventloop.delay', 's', 'histogram'), 'loopscope_eventloop_delay_seconds')
  assert.equal(prometheusName('nodejs.eventloop.time', 's', 'counter'), 'nodejs_eventloop_time_seconds_total')
  assert.equal(prometheusName('process.memory.usage', 'By', 'gauge'), 'process_memory_usage_bytes')
  assert.equal(prometheusName('jobs', 'By/s', 'gauge'), 'jobs_bytes_per_second')
})

test('a gauge of unit 1 is a ratio, any other of unit 1 has no unit', () => {
  assert.equal(prometheusName('nodejs.eventloop.utilization', '1', 'gauge'), 'nodejs_eventloop_utilization_ratio')
  assert.equal(prometheusName('retries', '1', 'counter'), 'retries_total')
})

test('a unit in braces is a remark and is dropped', () => {
  assert.equal(prometheusName('http.server.active_requests', '{request}', 'gauge'), 'http_server_active_requests')
  assert.equal(prometheusName('turns', '{turn}/s', 'gauge'), 'turns_per_second')
})

test('a suffix that is there already is not repeated', () => {
  assert.equal(prometheusName('wait.seconds', 's', 'histogram'), 'wait_seconds')
  assert.equal(prometheusName('events.total', '{event}', 'counter'), 'events_total')
})

test('what Prometheus does not allow becomes one underscore', () => {
  assert.equal(prometheusName('1.odd--name', '{x}', 'gauge'), '_1_odd_name')
  assert.equal(prometheusLabel('http.response.status_code'), 'http_response_status_code')
})

test('the metrics have names of their own, in both forms, and a help text that needs no escapes', () => {
  const definitions = Object.values(METRICS)
  assert.equal(new Set(definitions.map(({ name }) => name)).size, definitions.length)
  const inPrometheus = definitions.map(({ name, unit, type }) => prometheusName(name, unit, type))
  assert.equal(new Set(inPrometheus).size, definitions.length)
  for (const { help } of definitions) assert.match(help, /^[A-Z][^"\\\n]+\.$|^Always 1: [^"\\\n]+\.$/)
})
