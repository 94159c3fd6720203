import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

export const agentMemory: Panel = {
  title: 'Cost of the agent: memory',
  shows: "What the agent's worker thread takes, per instance.",
  bad: 'a line that only rises.',
  act: 'report it with the output of `loopscope instances --json`.',
  kind: 'timeseries',
  unit: 'bytes',
  width: 8,
  queries: [
    {
      expr: `sum by (instance, loopscope_instance) (${watched('agentMemory')})`,
      legend: '{{instance}} {{loopscope_instance}}',
    },
  ],
}
