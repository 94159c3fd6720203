import type { Panel } from '../panel.ts'
import { watched } from '../promql.ts'

export const utilisationNow: Panel = {
  title: 'Busiest loop',
  shows:
    'The share of time in which the busiest of the chosen event loops was running code instead of waiting for events.',
  bad: 'above 70 %: delays grow steeply from there; at 100 % nothing is left.',
  act: 'look at *Busy time by cause* for what it does, at *Blocks by culprit* for who; without a single culprit, scale out.',
  kind: 'stat',
  unit: 'percentunit',
  width: 6,
  max: 1,
  look: 0.7,
  red: 0.9,
  queries: [{ expr: `max(${watched('utilization')})`, legend: 'busy' }],
}
