import { Histogram } from '../../model/histogram.ts'
import type { HistogramData } from '../../protocol/rows.ts'
import { seconds, type Topic } from '../topic.ts'

export const loop: Topic = {
  name: 'loop',
  add(snapshot, points) {
    const { totals } = snapshot
    for (const row of snapshot.loop) {
      points.value('utilization', {}, row.utilization)
      points.value('delayMax', {}, seconds(row.delay.max))
      points.value('delayP50', {}, seconds(row.delay.p50))
      points.value('delayP90', {}, seconds(row.delay.p90))
      points.value('delayP99', {}, seconds(row.delay.p99))
      points.value('blockedDuration', {}, seconds(row.blockedNow?.duration ?? 0))
      points.value('busyTime', { cause: 'js' }, seconds(row.busy.js))
      points.value('busyTime', { cause: 'gc' }, seconds(row.busy.gc))
      points.value('busyTime', { cause: 'sync-call' }, seconds(row.busy.syncCall))
      points.value('busyTime', { cause: 'starved' }, seconds(row.busy.starved))
    }
    points.value('loopTime', { 'nodejs.eventloop.state': 'active' }, seconds(totals.busy))
    points.value('loopTime', { 'nodejs.eventloop.state': 'idle' }, seconds(totals.idle))
    if (totals.delay.count > 0) {
      points.value('delayMin', {}, seconds(totals.delay.min))
      points.value('delayMean', {}, seconds(totals.delay.sum / totals.delay.count))
      points.value('delayStddev', {}, seconds(standardDeviation(totals.delay)))
    }
    points.histogram('delay', {}, totals.delay)
    points.histogram('turnDuration', {}, totals.turns)
  },
}

/** From the buckets, each at its geometric middle: within the 4.5 % of a bucket. */
function standardDeviation(data: HistogramData): number {
  const mean = data.sum / data.count
  let squares = data.zeros * mean ** 2
  for (const { low, high, count } of Histogram.from(data).buckets())
    squares += count * (Math.sqrt(low * high) - mean) ** 2
  return Math.sqrt(squares / data.count)
}
