/** The export in a worker thread of a real process: what is loaded where, what is printed, and when the process ends. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startReceiver } from '../../../test/otlp-receiver.ts'
import type { ThreadReport } from '../../../test/otlp-program.ts'

const PROGRAM = fileURLToPath(new URL('../../../test/otlp-program.ts', import.meta.url))

async function run(environment: Record<string, string>, exportMs: number) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|NODE)_/.test(name)))
  const fast = { OTEL_BSP_SCHEDULE_DELAY: '10', OTEL_METRIC_EXPORT_INTERVAL: '50' }
  const child = spawn(process.execPath, [PROGRAM, String(exportMs)], { env: { ...clean, ...fast, ...environment } })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (output.stdout += chunk))
  child.stderr.on('data', (chunk) => (output.stderr += chunk))
  let printedAt = 0
  child.stdout.once('data', () => (printedAt = performance.now()))
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  assert.equal(code, 0, output.stderr)
  const [line, ...more] = output.stdout.trim().split('\n')
  const report = JSON.parse(line!) as { main: Pick<ThreadReport, 'loaded' | 'registered'>; worker: ThreadReport }
  return { ...report, printed: [...more, output.stderr].join('\n').trim(), endedAfterMs: performance.now() - printedAt }
}

suite('OTLP export in a worker thread', () => {
  test("sends, while nothing of OpenTelemetry is on the program's thread and no provider is registered", async (t) => {
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const { main, worker, printed } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, 300)
    assert.equal(receiver.spans.length, 20)
    assert.ok(receiver.metrics.some(({ name }) => name === 'a.gauge'))
    assert.deepEqual(main, { loaded: [], registered: [] })
    assert.deepEqual(worker.registered, ['diag'])
    assert.ok(worker.loaded.includes('@opentelemetry/sdk-trace'))
    assert.ok(worker.loaded.includes('@opentelemetry/exporter-metrics-otlp-proto'))
    // Neither what sdk-node would load beside, nor another protocol's exporter.
    for (const name of worker.loaded) assert.doesNotMatch(name, /instrumentation|sdk-node|prometheus|zipkin|grpc/)
    assert.deepEqual(worker.lines, [])
    assert.equal(printed, '')
    t.diagnostic(
      `start ${worker.loadMs.toFixed(0)} ms, longest slice ${worker.longestMs.toFixed(0)} ms, heap +${(worker.heapBytes / 1e6).toFixed(1)} MB`,
    )
  })

  test('loads nothing anywhere without an endpoint', async () => {
    const { main, worker, printed } = await run({}, 20)
    assert.deepEqual(main.loaded, [])
    assert.deepEqual(worker.loaded, [])
    assert.deepEqual(worker.registered, [])
    assert.equal(printed, '')
  })

  test('prints nothing and does not keep the process alive while it tries an endpoint that is down', async () => {
    // Port 1 of the loopback: nothing listens there. The SDK goes on trying each export for 10 s.
    const { worker, printed, endedAfterMs } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, 300)
    assert.equal(printed, '')
    assert.deepEqual(worker.lines, [])
    assert.ok(endedAfterMs < 2000, `${endedAfterMs} ms`)
  })
})
