/**
 * Says what becomes of the exports: one line per cause a minute, with what was lost so far. OpenTelemetry's own error
 * lines about an export are not needed: each attempt ends here.
 */
import type { Signal } from './settings.ts'

export type Log = (level: 'error' | 'warn' | 'info' | 'debug', cause: string, message: string) => void

const QUIET_MS = 60_000
/** Causes that are remembered; an SDK that words each line anew must not fill the memory. */
const MAX_CAUSES = 100

export class ExportReport {
  readonly #log: Log
  readonly #now: () => number
  readonly #saidAt = new Map<string, number>()
  readonly #failing = new Set<Signal>()
  /** Lost because too many were waiting; said together with the next result. */
  #overflowed = 0
  #sent = 0
  #lost = 0

  constructor(log: Log, now: () => number) {
    this.#log = log
    this.#now = now
  }

  get sent(): number {
    return this.#sent
  }

  get lost(): number {
    return this.#lost
  }

  say(level: 'error' | 'warn' | 'info', cause: string, message: string): void {
    const now = this.#now()
    const saidAt = this.#saidAt.get(cause)
    if (saidAt !== undefined && now - saidAt < QUIET_MS) return
    if (this.#saidAt.size >= MAX_CAUSES) this.#saidAt.clear()
    this.#saidAt.set(cause, now)
    this.#log(level, cause, message)
  }

  overflow(): void {
    this.#lost++
    this.#overflowed++
  }

  worked(signal: Signal, endpoint: string, blocks: number): void {
    this.#sent += blocks
    if (this.#failing.delete(signal)) {
      this.say('info', `otlp-works ${signal}`, `OTLP export of ${signal} to ${endpoint} works again${this.#losses()}`)
    } else if (this.#overflowed > 0) {
      const remedy = 'raise OTEL_BSP_MAX_QUEUE_SIZE or LOOPSCOPE_BLOCK_MS'
      this.say('warn', 'otlp-overflow', `more blocks than OTLP export can send${this.#losses()}; ${remedy}`)
    }
    this.#overflowed = 0
  }

  failed(signal: Signal, endpoint: string, error: Error | undefined, blocks: number): void {
    this.#lost += blocks
    this.#overflowed = 0
    this.#failing.add(signal)
    const reason = describe(error)
    const remedy = 'it goes on trying; check OTEL_EXPORTER_OTLP_ENDPOINT and what listens there'
    this.say(
      'warn',
      // The same trouble at the same place is one cause, whichever signal meets it.
      `otlp-export ${URL.parse(endpoint)?.host ?? endpoint} ${reason}`,
      `OTLP export of ${signal} to ${endpoint} fails: ${reason}${this.#losses()}; ${remedy}`,
    )
  }

  #losses(): string {
    return this.#lost === 0 ? '' : `, ${this.#lost} ${this.#lost === 1 ? 'block' : 'blocks'} lost so far`
  }
}

/** Short, on one line, and the same for the same trouble. */
function describe(error: (Error & { code?: unknown; errors?: unknown }) | undefined): string {
  if (error === undefined) return 'no reason given'
  // A host with several addresses fails with an AggregateError that has no message.
  const first = Array.isArray(error.errors) ? (error.errors[0] as Error | undefined) : undefined
  const message = (error.message || first?.message || String(error.code ?? error.name)).split('\n')[0]!
  return typeof error.code === 'number' ? `${message} (${error.code})` : message
}
