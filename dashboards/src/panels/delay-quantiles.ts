import type { Panel } from '../panel.ts'
import { quantile } from '../promql.ts'

export const delayQuantiles: Panel = {
  title: 'Delay quantiles',
  shows: 'The same delay as quantiles over the chosen instances.',
  bad: 'p99 far above p50: rare long blocks. p50 above some ms: the loop is saturated.',
  act: 'rare blocks: move the culprit off the loop (worker, asynchronous API, smaller slices). Saturated: less work or more processes.',
  kind: 'timeseries',
  unit: 's',
  queries: [0.5, 0.9, 0.99].map((q) => ({
    expr: quantile(q, 'delay'),
    legend: `p${q * 100}`,
  })),
}
