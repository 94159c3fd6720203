/**
 * Loads the parts of OpenTelemetry's Node SDK that send, and nothing else. `@opentelemetry/sdk-node` is what one
 * installs; its own entry would load every exporter, propagator and the instrumentation loader (0.2 s without a break,
 * 11 MB of heap). What it depends on is resolved from where it lies, so any package manager's layout will do: 0.1 to
 * 0.2 s in pieces of at most 40 to 70 ms, 5 MB of heap, 8 MB resident. Between the pieces the worker can look around.
 */
import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import type * as Api from '@opentelemetry/api'
import type * as Resources from '@opentelemetry/resources'
import type * as SdkMetrics from '@opentelemetry/sdk-metrics'
import type * as SdkTrace from '@opentelemetry/sdk-trace'
import type { OtlpSettings, Protocol } from './settings.ts'

const PACKAGE = '@opentelemetry/sdk-node'
const WANTED = `${PACKAGE}@0.301`

const EXPORTERS: Record<Protocol, string> = { 'http/protobuf': 'proto', 'http/json': 'http', grpc: 'grpc' }

export interface Sdk {
  api: typeof Api
  resources: typeof Resources
  metrics: typeof SdkMetrics
  trace: typeof SdkTrace
  /** What the settings ask for. The classes of all protocols have one shape. */
  newTraceExporter: (() => SdkTrace.SpanExporter) | undefined
  newMetricExporter: (() => SdkMetrics.PushMetricExporter) | undefined
}

/** `from`: the file whose node_modules folders are searched. */
export async function loadSdk(settings: OtlpSettings, from: string): Promise<Sdk | { problem: string }> {
  let required: NodeJS.Require
  try {
    required = createRequire(createRequire(from).resolve(PACKAGE))
  } catch {
    return { problem: `${PACKAGE} is not installed; run: npm install ${WANTED}` }
  }
  const load = async <T>(name: string): Promise<T> => {
    const loaded = required(name) as T
    await setImmediate()
    return loaded
  }
  try {
    const { traces, metrics } = settings
    return {
      api: await load('@opentelemetry/api'),
      resources: await load('@opentelemetry/resources'),
      trace: await load('@opentelemetry/sdk-trace'),
      metrics: await load('@opentelemetry/sdk-metrics'),
      newTraceExporter: traces && (await exporter(load, 'trace', traces.protocol, 'OTLPTraceExporter')),
      newMetricExporter: metrics && (await exporter(load, 'metrics', metrics.protocol, 'OTLPMetricExporter')),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return { problem: `${PACKAGE} could not be loaded (${reason}); run: npm install ${WANTED}` }
  }
}

async function exporter<T>(
  load: (name: string) => Promise<Record<string, new () => T>>,
  signal: string,
  protocol: Protocol,
  className: string,
): Promise<() => T> {
  const name = `@opentelemetry/exporter-${signal}-otlp-${EXPORTERS[protocol]}`
  const Exporter = (await load(name))[className]
  if (Exporter === undefined) throw new Error(`${name} has no ${className}`)
  return () => new Exporter()
}
