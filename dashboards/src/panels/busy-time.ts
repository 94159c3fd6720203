import type { Panel } from '../panel.ts'
import { labels, watched } from '../promql.ts'

export const busyTime: Panel = {
  title: 'Busy time by cause',
  shows:
    'What the busy part of the loop was made of, as a share of time: JavaScript, garbage collection, synchronous calls, starved of the CPU by the system. The mean of the chosen instances.',
  bad: 'a large share of gc (garbage), sync-call (blocking API) or starved (the host, not the code).',
  act: 'gc: allocate less. sync-call: use the asynchronous API. starved: more CPU, or fewer neighbours.',
  kind: 'timeseries',
  unit: 'percentunit',
  stacked: true,
  max: 1,
  queries: [{ expr: `avg by (${labels('cause')}) (${watched('busyTime')})`, legend: '{{cause}}' }],
}
