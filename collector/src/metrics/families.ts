/** What instances say, as metric families: the one source of both exporters. */
import { Histogram } from '../model/histogram.ts'
import type { HistogramData, InstanceSnapshot } from '../protocol/rows.ts'
import type { Attributes, Family, Point } from './family.ts'
import { INSTANCE_ATTRIBUTE, METRICS, type MetricDefinition, type MetricKey } from './names.ts'
import { knownAttributes, type Points, type Topic } from './topic.ts'
import { agent } from './topics/agent.ts'
import { blocks } from './topics/blocks.ts'
import { calls } from './topics/calls.ts'
import { loop } from './topics/loop.ts'
import { pools } from './topics/pools.ts'
import { process } from './topics/process.ts'
import { queues } from './topics/queues.ts'
import { requests } from './topics/requests.ts'
import { streams } from './topics/streams.ts'
import { tasks } from './topics/tasks.ts'
import { threadpool } from './topics/threadpool.ts'
import { websockets } from './topics/websockets.ts'

export const TOPICS: readonly Topic[] = [
  loop,
  blocks,
  requests,
  pools,
  calls,
  threadpool,
  tasks,
  queues,
  streams,
  websockets,
  process,
  agent,
]

/** Families in the order of METRICS; one without points is left out. */
export function families(snapshots: readonly InstanceSnapshot[]): Family[] {
  const found = new Map<MetricKey, Map<string, Point>>()
  for (const snapshot of snapshots) {
    const points = pointsOf(snapshot, found)
    for (const topic of TOPICS) topic.add(snapshot, points)
  }
  const result: Family[] = []
  for (const [key, definition] of Object.entries(METRICS) as [MetricKey, MetricDefinition][]) {
    const points = found.get(key)
    if (points) result.push({ ...definition, points: [...points.values()] })
  }
  return result
}

/**
 * An instance that has exited keeps its counters and histograms until it is forgotten, so that the last scrape sees its
 * end; its gauges would claim a present that is over, so it has none.
 */
function pointsOf(snapshot: InstanceSnapshot, found: Map<MetricKey, Map<string, Point>>): Points {
  const exited = snapshot.instances.find((row) => row.id === snapshot.id)?.status === 'exited'
  const add = (metric: MetricKey, point: Point): void => {
    if (exited && METRICS[metric].type === 'gauge') return
    let points = found.get(metric)
    if (!points) found.set(metric, (points = new Map()))
    const key = keyOf(point.attributes)
    const before = points.get(key)
    points.set(key, before ? merged(before, point, METRICS[metric].type) : point)
  }
  const attributesOf = (own: Parameters<Points['value']>[1]): Attributes => ({
    [INSTANCE_ATTRIBUTE]: snapshot.id,
    ...knownAttributes(own),
  })
  return {
    value(metric, own, value) {
      if (value === null || value === undefined || !Number.isFinite(value)) return
      add(metric, { attributes: attributesOf(own), value })
    },
    histogram(metric, own, data, exemplar) {
      if (!data) return
      add(metric, { attributes: attributesOf(own), histogram: data, ...(exemplar && { exemplar }) })
    },
  }
}

function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Two points of one series make a scrape invalid: totals add up, of a gauge the last one counts. */
function merged(before: Point, point: Point, type: MetricDefinition['type']): Point {
  if ('histogram' in before && 'histogram' in point) {
    const exemplar = point.exemplar ?? before.exemplar
    return {
      attributes: point.attributes,
      histogram: sum(before.histogram, point.histogram),
      ...(exemplar && { exemplar }),
    }
  }
  if (type === 'counter' && 'value' in before && 'value' in point) {
    return { attributes: point.attributes, value: before.value + point.value }
  }
  return point
}

function sum(a: HistogramData, b: HistogramData): HistogramData {
  const histogram = Histogram.from(a)
  histogram.merge(b)
  return histogram.toData()
}
