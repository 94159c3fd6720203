import type { Panel } from '../panel.ts'
import { labels, watched } from '../promql.ts'

const pool = labels('db.client.connection.pool.name')
const used = watched('connectionCount', 'db_client_connection_state="used"')

export const poolConnections: Panel = {
  title: 'Database pools: connections',
  shows: 'Connections in use, the limit, and who waits for one, per pool; summed over the chosen instances.',
  bad: 'used at the limit and waiting above 0: requests queue for a connection.',
  act: '`loopscope pools` names who holds the connections (route, line, age); shorten that before enlarging the pool.',
  kind: 'timeseries',
  unit: 'short',
  queries: [
    { expr: `sum by (${pool}) (${used})`, legend: `{{${pool}}} used` },
    { expr: `sum by (${pool}) (${watched('connectionLimit')})`, legend: `{{${pool}}} limit` },
    { expr: `sum by (${pool}) (${watched('connectionPending')})`, legend: `{{${pool}}} waiting` },
  ],
}
