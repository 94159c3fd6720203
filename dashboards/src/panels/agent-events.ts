import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

export const agentEvents: Panel = {
  title: 'Events recorded and lost',
  shows: 'What the hooks recorded, and what was lost because the ring was full, per second.',
  bad: 'anything lost: numbers of that time are too low.',
  act: 'the worker does not keep up: is the host short of CPU? Leave the busiest hook off with LOOPSCOPE_DISABLE.',
  kind: 'timeseries',
  unit: 'ops',
  width: 8,
  queries: [
    { expr: `sum(rate(${watched('agentEvents')}[$__rate_interval]))`, legend: 'recorded' },
    { expr: `sum(rate(${watched('agentDropped')}[$__rate_interval]))`, legend: 'lost' },
  ],
}
