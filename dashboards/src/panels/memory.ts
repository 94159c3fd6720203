import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

export const memory: Panel = {
  title: 'Memory',
  shows: 'What each process takes of the host (resident), and what its objects take of the heap.',
  bad: 'a floor that rises for hours: a leak. A heap near its limit: collections take over the loop.',
  act: 'compare two heap snapshots some minutes apart.',
  kind: 'timeseries',
  unit: 'bytes',
  queries: [
    {
      expr: `sum by (instance, loopscope_instance) (${watched('processMemory')})`,
      legend: '{{instance}} {{loopscope_instance}} resident',
    },
    {
      expr: `sum by (instance, loopscope_instance) (${watched('heapUsed')})`,
      legend: '{{instance}} {{loopscope_instance}} heap',
      mayBeEmpty: 'an agent that runs beside the program cannot read its heap without costing it time, and may not',
    },
  ],
}
