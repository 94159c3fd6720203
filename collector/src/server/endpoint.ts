/** The one shape of every endpoint: a question in, an answer or a refusal out. */
import type { Collector } from '../model/collector.ts'
import type { Refusal } from './errors.ts'
import type { Answer } from './respond.ts'

export interface Question {
  parameters: URLSearchParams
  /** The Accept header. */
  accept: string | undefined
}

export type Endpoint = (question: Question) => Answer | Refusal | Promise<Answer | Refusal>

export interface EndpointOptions {
  collector: Collector
  now: () => number
  version: string
  /** Endpoints of others, by path. */
  extra: Record<string, Endpoint>
}
