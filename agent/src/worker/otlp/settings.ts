/**
 * What OpenTelemetry's own variables say about the export; no OpenTelemetry code is needed to know that it is off.
 * Only what decides whether and where to send is read here. The rest (headers, time-outs, compression, certificates)
 * the SDK reads itself, in the one moment that environment.ts gives it.
 */
export type Environment = Record<string, string | undefined>
export type Signal = 'traces' | 'metrics'

export const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const
export type Protocol = (typeof PROTOCOLS)[number]
const DEFAULT_PROTOCOL: Protocol = 'http/protobuf'
/** The specification says 512. To encode so many takes 30 ms, in which the worker watches nothing; 64 take about 3. */
const BATCH_SIZE = 64

const TEMPORALITY = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'

export interface SignalSettings {
  protocol: Protocol
  /** Where it goes, fit to be shown: without credentials and query. */
  endpoint: string
}

export interface OtlpSettings {
  traces: SignalSettings | undefined
  metrics: SignalSettings | undefined
  metricIntervalMs: number
  metricTimeoutMs: number
  /** Blocks that wait to be sent; what comes beyond is counted and lost. */
  queueSize: number
  batchSize: number
  batchDelayMs: number
  batchTimeoutMs: number
  /** One line for each value that could not be taken. */
  problems: string[]
}

export function isOtlpOn(environment: Environment): boolean {
  const { traces, metrics } = readOtlpSettings(environment)
  return traces !== undefined || metrics !== undefined
}

export function readOtlpSettings(environment: Environment): OtlpSettings {
  const problems: string[] = []
  const disabled = read(environment, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true'
  const signal = (name: Signal): SignalSettings | undefined =>
    disabled ? undefined : readSignal(environment, name, problems)
  const number = (name: string, fallback: number): number => readNumber(environment, name, fallback, problems)

  const traces = signal('traces')
  const metrics = signal('metrics')
  const temporality = read(environment, TEMPORALITY)
  if (metrics && temporality !== undefined && temporality.toLowerCase() !== 'cumulative') {
    problems.push(`${TEMPORALITY}=${JSON.stringify(temporality)} is not supported; the totals are sent as cumulative`)
  }
  const metricIntervalMs = number('OTEL_METRIC_EXPORT_INTERVAL', 60_000)
  const queueSize = number('OTEL_BSP_MAX_QUEUE_SIZE', 2048)
  return {
    traces,
    metrics,
    metricIntervalMs,
    // The SDK refuses a time-out that is longer than the interval.
    metricTimeoutMs: Math.min(number('OTEL_METRIC_EXPORT_TIMEOUT', 30_000), metricIntervalMs),
    queueSize,
    batchSize: Math.min(number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', BATCH_SIZE), queueSize),
    batchDelayMs: number('OTEL_BSP_SCHEDULE_DELAY', 5_000),
    batchTimeoutMs: number('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
    problems: [...new Set(problems)],
  }
}

function readSignal(environment: Environment, signal: Signal, problems: string[]): SignalSettings | undefined {
  const upper = signal.toUpperCase()
  const exporters = read(environment, `OTEL_${upper}_EXPORTER`)?.split(',')
  if (exporters && !exporters.some((name) => name.trim() === 'otlp')) return undefined

  const [own, general] = [`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT']
  const name = read(environment, own) === undefined ? general : own
  const text = read(environment, name)
  if (text === undefined) return undefined
  const protocol = readProtocol(environment, upper, problems)
  const endpoint = showEndpoint(text, protocol, name === general ? `v1/${signal}` : '')
  if (endpoint === undefined) {
    const example = protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318'
    problems.push(`${name} is not a URL for ${protocol}; nothing is exported there: write it like ${example}`)
    return undefined
  }
  return { protocol, endpoint }
}

function readProtocol(environment: Environment, upper: string, problems: string[]): Protocol {
  const [own, general] = [`OTEL_EXPORTER_OTLP_${upper}_PROTOCOL`, 'OTEL_EXPORTER_OTLP_PROTOCOL']
  const name = read(environment, own) === undefined ? general : own
  const text = read(environment, name)
  if (text === undefined) return DEFAULT_PROTOCOL
  const protocol = PROTOCOLS.find((known) => known === text)
  if (protocol === undefined) {
    problems.push(`${name}=${JSON.stringify(text)} is not one of ${PROTOCOLS.join(', ')}; using ${DEFAULT_PROTOCOL}`)
  }
  return protocol ?? DEFAULT_PROTOCOL
}

/** undefined where the exporter of this protocol could not send to it. */
function showEndpoint(text: string, protocol: Protocol, path: string): string | undefined {
  const withScheme = protocol === 'grpc' && !text.includes('://') ? `https://${text}` : text
  if (!URL.canParse(withScheme)) return undefined
  const url = new URL(withScheme)
  if (protocol === 'grpc') return url.protocol === 'unix:' ? withScheme : url.host === '' ? undefined : url.origin
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  const base = path === '' || url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`
  return `${url.origin}${base}${path}`
}

function readNumber(environment: Environment, name: string, fallback: number, problems: string[]): number {
  const text = read(environment, name)
  if (text === undefined) return fallback
  const value = Number(text)
  // A longer timer than this fires at once: setTimeout keeps its delay in 32 bits.
  if (value > 0 && value < 2 ** 31) return value
  problems.push(`${name}=${JSON.stringify(text)} is not a number above 0; using ${fallback}`)
  return fallback
}

function read(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim()
  return text === '' ? undefined : text
}
