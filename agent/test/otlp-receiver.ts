/** A real OTLP endpoint in the test process. It decodes with another implementation than the one that sends. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import root from 'otlp-decode/build/src/generated/root.js'

type Values = Record<string, unknown>

export interface ReceivedSpan {
  name: string
  traceId: string
  spanId: string
  parentSpanId: string
  /** Unix ns. */
  start: bigint
  end: bigint
  attributes: Values
  resource: Values
  scope: { name?: string; version?: string }
}

export interface ReceivedMetric {
  name: string
  unit: string
  description: string
  kind: 'sum' | 'gauge' | 'histogram'
  cumulative: boolean
  monotonic: boolean
  points: {
    attributes: Values
    start: bigint
    time: bigint
    value?: number
    histogram?: { count: number; sum: number; min: number; max: number; counts: number[]; borders: number[] }
  }[]
  resource: Values
  scope: { name?: string; version?: string }
}

export interface ReceivedRequest {
  path: string
  headers: IncomingHttpHeaders
}

export interface Receiver {
  url: string
  port: number
  requests: ReceivedRequest[]
  spans: ReceivedSpan[]
  metrics: ReceivedMetric[]
  /** What it answers from now on. */
  answer(status: number): void
  /** Waits until the condition holds; checked after each request. */
  until(what: string, condition: () => boolean): Promise<void>
  close(): Promise<void>
}

const WAIT_MS = 8000

/** `protocol`: 'http' (JSON or protobuf by content type) or 'grpc'. `port`: 0 for a free one. */
export async function startReceiver(protocol: 'http' | 'grpc' = 'http', port = 0): Promise<Receiver> {
  const requests: ReceivedRequest[] = []
  const spans: ReceivedSpan[] = []
  const metrics: ReceivedMetric[] = []
  const waiting = new Set<() => void>()
  const sockets = new Set<Socket>()
  let status = 200

  function take(path: string, headers: IncomingHttpHeaders, body: Buffer, json: boolean): void {
    requests.push({ path, headers })
    if (status === 200) {
      if (!/metrics/i.test(path)) spans.push(...readSpans(json ? JSON.parse(body.toString()) : decode('trace', body)))
      else metrics.push(...readMetrics(json ? JSON.parse(body.toString()) : decode('metrics', body)))
    }
    for (const check of waiting) check()
  }

  const server =
    protocol === 'http'
      ? createServer((request, response) => {
          const chunks: Buffer[] = []
          request.on('data', (chunk: Buffer) => chunks.push(chunk))
          request.on('end', () => {
            const json = request.headers['content-type'] === 'application/json'
            response.statusCode = status
            response.setHeader('content-type', json ? 'application/json' : 'application/x-protobuf')
            response.end(json ? '{}' : '')
            take(request.url ?? '', request.headers, Buffer.concat(chunks), json)
          })
        })
      : createHttp2Server().on('stream', (stream, headers) => {
          const chunks: Buffer[] = []
          stream.on('data', (chunk: Buffer) => chunks.push(chunk))
          stream.on('end', () => {
            stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
            stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
            // Both ways: one byte "compressed?", four bytes of length, the message.
            stream.end(Buffer.alloc(5))
            take(String(headers[':path']), headers as IncomingHttpHeaders, Buffer.concat(chunks).subarray(5), false)
          })
        })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port

  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    requests,
    spans,
    metrics,
    answer(next) {
      status = next
    },
    async until(what, condition) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const check = (): void => {
        if (condition()) resolve()
      }
      const timer = setTimeout(() => reject(new Error(`not within ${WAIT_MS} ms: ${what}`)), WAIT_MS)
      waiting.add(check)
      check()
      try {
        await promise
      } finally {
        clearTimeout(timer)
        waiting.delete(check)
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/* The two encodings differ in how they write bytes (hex, base64) and 64-bit numbers; both become the same here. */
interface MessageType {
  decode(body: Buffer): unknown
  toObject(message: unknown, options: { longs: typeof String; bytes: typeof String }): unknown
}
interface Services {
  trace: { v1: { ExportTraceServiceRequest: MessageType } }
  metrics: { v1: { ExportMetricsServiceRequest: MessageType } }
}
// Generated code, whose type says less than it has.
const services = (root as unknown as { opentelemetry: { proto: { collector: Services } } }).opentelemetry.proto
  .collector

function decode(kind: 'trace' | 'metrics', body: Buffer): unknown {
  const type =
    kind === 'trace' ? services.trace.v1.ExportTraceServiceRequest : services.metrics.v1.ExportMetricsServiceRequest
  return type.toObject(type.decode(body), { longs: String, bytes: String })
}

interface KeyValue {
  key: string
  value: Values
}

function readAttributes(list: KeyValue[] = []): Values {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const [kind, content] = Object.entries(value)[0] ?? []
      return [key, kind === 'intValue' ? Number(content) : content]
    }),
  )
}

/** An id: 16 or 32 digits of hex in JSON, base64 of as many bytes in protobuf. */
function readId(text = ''): string {
  return /^([0-9a-f]{16}|[0-9a-f]{32})$/.test(text) ? text : Buffer.from(text, 'base64').toString('hex')
}

/* eslint-disable @typescript-eslint/no-explicit-any -- what comes over the wire has no type of its own */
function readSpans(request: any): ReceivedSpan[] {
  return request.resourceSpans.flatMap(({ resource, scopeSpans }: any) =>
    scopeSpans.flatMap(({ scope, spans }: any) =>
      spans.map((span: any) => ({
        name: span.name,
        traceId: readId(span.traceId),
        spanId: readId(span.spanId),
        parentSpanId: readId(span.parentSpanId),
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        attributes: readAttributes(span.attributes),
        resource: readAttributes(resource.attributes),
        scope,
      })),
    ),
  )
}

function readMetrics(request: any): ReceivedMetric[] {
  return request.resourceMetrics.flatMap(({ resource, scopeMetrics }: any) =>
    scopeMetrics.flatMap(({ scope, metrics }: any) =>
      metrics.map((metric: any) => {
        const kind = (['sum', 'gauge', 'histogram'] as const).find((name) => metric[name])!
        const data = metric[kind]
        return {
          name: metric.name,
          unit: metric.unit,
          description: metric.description,
          kind,
          cumulative: data.aggregationTemporality === 2,
          monotonic: data.isMonotonic === true,
          points: data.dataPoints.map((point: any) => ({
            attributes: readAttributes(point.attributes),
            start: BigInt(point.startTimeUnixNano),
            time: BigInt(point.timeUnixNano),
            ...(kind === 'histogram'
              ? {
                  histogram: {
                    count: Number(point.count),
                    sum: point.sum,
                    min: point.min,
                    max: point.max,
                    counts: point.bucketCounts.map(Number),
                    borders: point.explicitBounds,
                  },
                }
              : { value: point.asDouble }),
          })),
          resource: readAttributes(resource.attributes),
          scope,
        }
      }),
    ),
  )
}
