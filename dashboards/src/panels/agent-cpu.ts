import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

export const agentCpu: Panel = {
  title: 'Cost of the agent: CPU',
  shows: 'The share of one core that the agent itself takes, per instance.',
  bad: 'above 3 %.',
  act: 'set LOOPSCOPE_LEVEL=minimal, or leave hooks off with LOOPSCOPE_DISABLE, and report it.',
  kind: 'timeseries',
  unit: 'percentunit',
  width: 8,
  queries: [
    {
      expr: `sum by (instance, loopscope_instance) (rate(${watched('agentCpuTime')}[$__rate_interval]))`,
      legend: '{{instance}} {{loopscope_instance}}',
    },
  ],
}
