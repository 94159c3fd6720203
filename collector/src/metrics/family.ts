/** What both exporters (Prometheus and OTLP) are made of: OpenTelemetry names and units; times in seconds but for histogram data. */
import type { Exemplar, HistogramData } from '../protocol/rows.ts'

export type Attributes = Record<string, string | number>

export interface Family {
  /** The OpenTelemetry name: `nodejs.eventloop.utilization`. */
  name: string
  help: string
  /** UCUM, as OpenTelemetry writes it: `s`, `By`, `1`, `{connection}`. */
  unit: string
  type: 'counter' | 'gauge' | 'histogram'
  points: Point[]
}

/** A histogram's data is in ms (its borders are powers of two there); exporters divide by 1000. */
export type Point =
  { attributes: Attributes; value: number } | { attributes: Attributes; histogram: HistogramData; exemplar?: Exemplar }
