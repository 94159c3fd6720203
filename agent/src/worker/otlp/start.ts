/**
 * OTLP export: the composition root. Runs in the agent's worker, whose loop and globals are its own; nothing of
 * OpenTelemetry is loaded unless its variables ask for it, and no global provider is registered.
 *
 *   families() ─▶ metric data ─▶ PeriodicExportingMetricReader ─┐
 *   block(row) ─▶ span ─▶ BatchSpanProcessor (bounded) ──────────┴─▶ watched exporter ─▶ endpoint
 */
import type { Family } from '@loopscope/collector'
import type { BlockRow } from '@loopscope/collector/protocol'
import { BLOCK_SPAN, blockAttributes } from './block-span.ts'
import { withEnvironment } from './environment.ts'
import { ExportReport, type Log } from './export-report.ts'
import { toHrTime, toMetricData } from './metric-data.ts'
import { otlpResource, type ResourceFacts } from './resource.ts'
import { loadSdk, type Sdk } from './sdk.ts'
import { readOtlpSettings, type Environment, type OtlpSettings } from './settings.ts'
import { watchExporter } from './watch-exporter.ts'

export interface OtlpOptions {
  /** What the OTEL_* variables are read from. */
  environment: Environment
  resource: ResourceFacts
  families: () => Family[]
  log: Log
  /** Unix ms. */
  now: () => number
  /** Since when the families' totals count, unix ms; the start of the export where it is not given. */
  startedAt?: number
  /** The agent's version, as the scope of all that is sent. */
  version?: string
  /** How long `stop` may take to send what is left. */
  stopTimeoutMs?: number
  /** The file whose node_modules folders are searched for the SDK. */
  from?: string
}

export interface Otlp {
  /** A block that is over. Never throws, never waits. */
  block(row: BlockRow): void
  /** Blocks so far: on the way, taken by the endpoint, lost. */
  counts(): { pending: number; sent: number; lost: number }
  /** Sends what is left, for a bounded time. */
  stop(): Promise<void>
}

const SCOPE = '@loopscope/agent'
const OFF: Otlp = { block() {}, counts: () => ({ pending: 0, sent: 0, lost: 0 }), async stop() {} }

export async function startOtlp(options: OtlpOptions): Promise<Otlp> {
  const { environment, log, now } = options
  const settings = readOtlpSettings(environment)
  const report = new ExportReport(log, now)
  for (const problem of settings.problems) report.say('warn', `otlp-setting ${problem}`, problem)
  if (!settings.traces && !settings.metrics) return OFF

  const sdk = await loadSdk(settings, options.from ?? import.meta.url)
  if ('problem' in sdk) {
    report.say('warn', 'otlp-package', `OTLP export is off: ${sdk.problem}`)
    return OFF
  }
  routeDiagnostics(sdk, report)
  try {
    return withEnvironment(environment, () => assemble(options, settings, sdk, report))
  } catch (error) {
    report.say('warn', 'otlp-start', `OTLP export is off: ${(error as Error).message}; check the OTEL_* variables`)
    return OFF
  }
}

function assemble(options: OtlpOptions, settings: OtlpSettings, sdk: Sdk, report: ExportReport): Otlp {
  const resource = otlpResource(options.resource, sdk)
  const meterProvider = startMetrics(options, settings, sdk, report, resource)
  const blocks = startBlocks(options, settings, sdk, report, resource)
  let stopping: Promise<void> | undefined

  async function stop(): Promise<void> {
    const done = Promise.allSettled([blocks.provider?.shutdown(), meterProvider?.shutdown()])
    // Not unref'd: somebody waits for it, and not for long.
    const limit = Promise.withResolvers<void>()
    const timer = setTimeout(limit.resolve, options.stopTimeoutMs ?? 2000)
    await Promise.race([done, limit.promise])
    clearTimeout(timer)
    sdk.api.diag.disable()
  }
  return {
    block: (row) => {
      if (stopping === undefined) blocks.add(row)
    },
    counts: () => ({ pending: blocks.pending(), sent: report.sent, lost: report.lost }),
    stop: () => (stopping ??= stop()),
  }
}

type Resource = ReturnType<typeof otlpResource>

function startMetrics(
  options: OtlpOptions,
  settings: OtlpSettings,
  sdk: Sdk,
  report: ExportReport,
  resource: Resource,
) {
  if (!settings.metrics || !sdk.newMetricExporter) return undefined
  const { endpoint } = settings.metrics
  const startedAt = options.startedAt ?? options.now()
  const scope = { name: SCOPE, ...(options.version !== undefined && { version: options.version }) }
  const exporter = watchExporter(sdk.newMetricExporter(), (error) => {
    if (error === null) report.worked('metrics', endpoint, 0)
    else report.failed('metrics', endpoint, error, 0)
  })
  const reader = new sdk.metrics.PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: settings.metricIntervalMs,
    exportTimeoutMillis: settings.metricTimeoutMs,
    metricProducers: [
      {
        async collect() {
          const metrics = toMetricData(options.families(), startedAt, options.now(), sdk)
          return {
            resourceMetrics: { resource, scopeMetrics: metrics.length > 0 ? [{ scope, metrics }] : [] },
            errors: [],
          }
        },
      },
    ],
  })
  return new sdk.metrics.MeterProvider({ resource, readers: [reader] })
}

function startBlocks(options: OtlpOptions, settings: OtlpSettings, sdk: Sdk, report: ExportReport, resource: Resource) {
  if (!settings.traces || !sdk.newTraceExporter) return { provider: undefined, add() {}, pending: () => 0 }
  const { endpoint } = settings.traces
  let pending = 0
  const exporter = watchExporter(sdk.newTraceExporter(), (error, spans) => {
    pending -= spans.length
    if (error === null) report.worked('traces', endpoint, spans.length)
    else report.failed('traces', endpoint, error, spans.length)
  })
  const processor = new sdk.trace.BatchSpanProcessor({
    exporter,
    maxQueueSize: settings.queueSize,
    maxExportBatchSize: settings.batchSize,
    scheduledDelayMillis: settings.batchDelayMs,
    exportTimeoutMillis: settings.batchTimeoutMs,
  })
  const provider = new sdk.trace.TracerProvider({
    resource,
    spanProcessors: [processor],
    // Each block is worth its span; the program's sampling is about requests.
    sampler: new sdk.trace.AlwaysOnSampler(),
  })
  const tracer = provider.getTracer(SCOPE, options.version)

  function add(row: BlockRow): void {
    if (row.open) return
    // Counted here and not left to the processor: it counts neither the batch that is on its way nor what it drops.
    if (pending >= settings.queueSize) return report.overflow()
    pending++
    const startTime = toHrTime(row.at)
    const span = tracer.startSpan(BLOCK_SPAN, { startTime, attributes: blockAttributes(row) }, parentOf(row, sdk))
    span.end(toHrTime(row.at + row.duration))
  }
  return { provider, add, pending: () => pending }
}

/** The span that was active in the program: remote, as seen from this worker. */
function parentOf(row: BlockRow, { api }: Sdk) {
  if (row.trace === null) return api.ROOT_CONTEXT
  const parent = { ...row.trace, traceFlags: api.TraceFlags.SAMPLED, isRemote: true }
  return api.trace.setSpanContext(api.ROOT_CONTEXT, parent)
}

/** OpenTelemetry's own words, to the log and never to the console. */
function routeDiagnostics(sdk: Sdk, report: ExportReport): void {
  const say = (message: string, ...rest: unknown[]): void => {
    const text = [message, ...rest.map((part) => (part instanceof Error ? part.message : String(part)))].join(' ')
    // The exporter has a time-out of its own, which ends in the report.
    if (/export timed out|"message":"Timeout"/.test(text)) return
    report.say('warn', `otlp-sdk ${message}`, `OpenTelemetry SDK: ${text.replace(/\s+/g, ' ').slice(0, 300)}`)
  }
  const logger = { error: say, warn: say, info() {}, debug() {}, verbose() {} }
  sdk.api.diag.setLogger(logger, { logLevel: sdk.api.DiagLogLevel.WARN, suppressOverrideMessage: true })
}
