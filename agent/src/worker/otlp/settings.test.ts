import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isOtlpOn, readOtlpSettings } from './settings.ts'

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

suite('where the export goes', () => {
  test('nowhere, unless there is an endpoint', () => {
    assert.equal(isOtlpOn({}), false)
    assert.equal(isOtlpOn({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }), false)
    assert.equal(isOtlpOn({ OTEL_SERVICE_NAME: 'shop', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), false)
    assert.equal(isOtlpOn(ENDPOINT), true)
  })

  test('nowhere, when the SDK is disabled', () => {
    assert.equal(isOtlpOn({ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }), false)
    assert.equal(isOtlpOn({ ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }), true)
  })

  test('the common endpoint gets the path of the signal, one of its own is taken as it is', () => {
    const { traces, metrics } = readOtlpSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otlp',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://prometheus:9090/api/v1/otlp/v1/metrics',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    })
    assert.deepEqual(traces, { protocol: 'http/json', endpoint: 'https://collector/otlp/v1/traces' })
    assert.deepEqual(metrics, {
      protocol: 'http/protobuf',
      endpoint: 'http://prometheus:9090/api/v1/otlp/v1/metrics',
    })
  })

  test('a signal is off where another exporter or none is asked for, or it has no endpoint', () => {
    const off = readOtlpSettings({ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'console,otlp' })
    assert.equal(off.metrics, undefined)
    assert.notEqual(off.traces, undefined)
    const own = readOtlpSettings({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' })
    assert.equal(own.metrics, undefined)
    assert.notEqual(own.traces, undefined)
  })

  test('no credentials and no query are shown', () => {
    const { traces } = readOtlpSettings({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://me:secret@collector/t?key=secret',
    })
    assert.equal(traces?.endpoint, 'https://collector/t')
  })

  test('gRPC takes a host without a scheme, HTTP does not', () => {
    const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
    assert.equal(readOtlpSettings(grpc).traces?.endpoint, 'https://collector:4317')
    const { traces, problems } = readOtlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })
    assert.equal(traces, undefined)
    assert.deepEqual(problems, [
      'OTEL_EXPORTER_OTLP_ENDPOINT is not a URL for http/protobuf; nothing is exported there: write it like http://localhost:4318',
    ])
  })
})

suite('how often and how much', () => {
  test('the defaults are those of the specification, but for batches that are quickly encoded', () => {
    const { metricIntervalMs, metricTimeoutMs, queueSize, batchSize, batchDelayMs, problems } =
      readOtlpSettings(ENDPOINT)
    assert.deepEqual(
      [metricIntervalMs, metricTimeoutMs, queueSize, batchSize, batchDelayMs],
      [60_000, 30_000, 2048, 64, 5000],
    )
    assert.deepEqual(problems, [])
  })

  test('a value that is no number is one line, and the default is used', () => {
    for (const text of ['soon', '0', '-5', '1e12']) {
      const { metricIntervalMs, problems } = readOtlpSettings({ ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: text })
      assert.equal(metricIntervalMs, 60_000)
      assert.equal(problems.length, 1)
      assert.match(problems[0]!, /^OTEL_METRIC_EXPORT_INTERVAL=".+" is not a number above 0; using 60000$/)
    }
  })

  test('totals as differences are not supported, and it is said', () => {
    const { problems } = readOtlpSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' })
    assert.deepEqual(problems, [
      'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="delta" is not supported; the totals are sent as cumulative',
    ])
  })

  test('what the SDK would refuse is made to fit', () => {
    const small = { ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '1000', OTEL_BSP_MAX_QUEUE_SIZE: '16' }
    const { metricTimeoutMs, batchSize } = readOtlpSettings(small)
    assert.equal(metricTimeoutMs, 1000)
    assert.equal(batchSize, 16)
  })
})
