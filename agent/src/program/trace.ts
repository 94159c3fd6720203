/**
 * The OpenTelemetry span that was active at a capture. The program's own SDK keeps its context in an AsyncLocalStorage;
 * the capture only puts that store aside (no call into the program in an interrupt), the next turn asks it for the span.
 */
import type { AsyncLocalStorage } from 'node:async_hooks'
import { EVENT } from '@loopscope/collector/protocol'
import type { Recorder } from './recorder.ts'

// The API registers itself here and makes its context keys by Symbol.for: @opentelemetry/api, src/internal/global-utils.ts
// and src/context/context.ts, src/trace/context-utils.ts (1.x).
const API = Symbol.for('opentelemetry.js.api.1')
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN')
const LOOK_EVERY_MS = 1000
const MAX_ASIDE = 64

interface SpanContext {
  traceId: string
  spanId: string
  traceFlags: number
}

interface OtelContext {
  getValue(key: symbol): { spanContext?(): SpanContext } | undefined
}

export class Traces {
  readonly #recorder: Recorder
  #storage: AsyncLocalStorage<OtelContext> | undefined
  #lookedAt = -Infinity
  #aside: { turn: number; context: OtelContext }[] = []

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  /** In the interrupt. */
  putAside(turn: number): void {
    const context = this.#storage?.getStore()
    if (context !== undefined && this.#aside.length < MAX_ASIDE) this.#aside.push({ turn, context })
  }

  /** At a turn. */
  settle(now: number): void {
    if (this.#storage === undefined && now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now
      this.#storage = findStorage()
    }
    if (this.#aside.length === 0) return
    const aside = this.#aside
    this.#aside = []
    for (const { turn, context } of aside) {
      try {
        const span = context.getValue(SPAN)?.spanContext?.()
        // A span that is not sampled is sent nowhere: a child of it would be an orphan.
        if (span && (span.traceFlags & 1) === 1) this.#record(turn, span)
      } catch {
        // Another SDK's context: no span to be had.
      }
    }
  }

  #record(turn: number, { traceId, spanId }: SpanContext): void {
    const part = (text: string, from: number, to: number): number => parseInt(text.slice(from, to), 16)
    if (!/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) return
    this.#recorder.record(EVENT.trace, turn, part(traceId, 0, 12), part(traceId, 12, 24), part(traceId, 24, 32))
    this.#recorder.record(EVENT.span, turn, 0, part(spanId, 0, 8), part(spanId, 8, 16))
  }
}

function findStorage(): AsyncLocalStorage<OtelContext> | undefined {
  const api = (globalThis as Record<symbol, unknown>)[API] as { context?: { _asyncLocalStorage?: unknown } } | undefined
  const storage = api?.context?._asyncLocalStorage as AsyncLocalStorage<OtelContext> | undefined
  return typeof storage?.getStore === 'function' ? storage : undefined
}
