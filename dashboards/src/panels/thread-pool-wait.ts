import type { Panel } from '../panel.ts'
import { quantile, watched } from '../promql.ts'

export const threadPoolWait: Panel = {
  title: "libuv's thread pool: wait",
  shows:
    'How long a job waits for a thread of the pool, measured by probes of the agent; and how long the probe that is out now has waited.',
  bad: 'p99 above 10 ms: reading a small file takes that much longer.',
  act: 'find who floods it (pbkdf2, scrypt, gzip, dns.lookup, many files at once), limit its concurrency, or enlarge the pool.',
  kind: 'timeseries',
  unit: 's',
  queries: [
    { expr: quantile(0.5, 'threadpoolWait'), legend: 'p50' },
    { expr: quantile(0.99, 'threadpoolWait'), legend: 'p99' },
    { expr: `max(${watched('threadpoolProbeAge')})`, legend: 'waiting now' },
  ],
}
