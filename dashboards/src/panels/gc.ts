import type { Panel } from '../panel.ts'
import { labels, watchedHistogram } from '../promql.ts'

export const gc: Panel = {
  title: 'Garbage collection',
  shows: 'The share of time that the loop stood still for the garbage collector, by kind.',
  bad: 'above 10 %; major collections in a row: the heap is near its limit.',
  act: 'allocate less on the hot path, keep big objects out of requests, or raise --max-old-space-size.',
  kind: 'timeseries',
  unit: 'percentunit',
  stacked: true,
  queries: [
    {
      expr: `sum by (${labels('v8js.gc.type')}) (rate(${watchedHistogram('gcDuration', 'sum')}[$__rate_interval]))`,
      legend: '{{v8js_gc_type}}',
      mayBeEmpty: 'collections are observed only around blocks, to keep the cost down',
    },
  ],
}
