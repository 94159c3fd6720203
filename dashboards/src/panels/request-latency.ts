import type { Panel } from '../panel.ts'
import { labels, quantile } from '../promql.ts'

export const requestLatency: Panel = {
  title: 'Requests: p99 by route',
  shows: 'How long the slowest hundredth of requests took, per route: the ten slowest.',
  bad: 'many routes rising together: they share a cause, mostly the loop. One alone: its own.',
  act: 'together: *Blocks by culprit*. Alone: *Where latency goes*, and `loopscope routes`.',
  kind: 'timeseries',
  unit: 's',
  queries: [
    {
      expr: `topk(10, ${quantile(0.99, 'requestDuration', labels('http.request.method', 'http.route'))})`,
      legend: '{{http_request_method}} {{http_route}}',
    },
  ],
}
