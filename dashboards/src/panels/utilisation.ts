import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

export const utilisation: Panel = {
  title: 'Utilisation',
  shows: 'The share of time in which each event loop was running code, not waiting for events.',
  bad: 'above 70 % for long; or one instance far above the others: the load is not spread.',
  act: 'see what it does in *Busy time by cause*; `loopscope hot` names the lines.',
  kind: 'timeseries',
  unit: 'percentunit',
  max: 1,
  look: 0.7,
  red: 0.9,
  queries: [
    {
      expr: `max by (instance, loopscope_instance) (${watched('utilization')})`,
      legend: '{{instance}} {{loopscope_instance}}',
    },
  ],
}
