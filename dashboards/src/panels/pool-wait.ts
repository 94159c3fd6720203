import type { Panel } from '../panel.ts'
import { labels, quantile } from '../promql.ts'

const pool = labels('db.client.connection.pool.name')

export const poolWait: Panel = {
  title: 'Database pools: wait and use, p99',
  shows: 'How long the slowest hundredth waited for a connection, and how long connections were held.',
  bad: 'a wait of more than a few ms; a use that is much longer than the queries need.',
  act: 'a long use: release the connection before doing other work (HTTP calls, computing). Then look at the size.',
  kind: 'timeseries',
  unit: 's',
  queries: [
    { expr: quantile(0.99, 'connectionWaitTime', pool), legend: `{{${pool}}} wait` },
    { expr: quantile(0.99, 'connectionUseTime', pool), legend: `{{${pool}}} use` },
  ],
}
