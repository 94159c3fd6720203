import type { Panel } from '../panel.ts'
import { labels, watched } from '../promql.ts'

export const requestWaits: Panel = {
  title: 'Where latency goes',
  shows:
    'What the requests of all chosen routes spent their time on: on the loop, waiting for the loop, a pool, the database, others (seconds per second).',
  bad: 'loopWait: others hold the loop. poolWait: too few connections, or held too long.',
  act: 'the largest part is the one worth working on; `loopscope routes` has it per route.',
  kind: 'timeseries',
  unit: 's',
  stacked: true,
  queries: [
    {
      expr: `sum by (${labels('wait')}) (rate(${watched('requestWaitTime')}[$__rate_interval])) > 0`,
      legend: '{{wait}}',
    },
  ],
}
