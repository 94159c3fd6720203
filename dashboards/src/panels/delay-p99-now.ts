import type { Panel } from '../panel.ts'
import { quantile } from '../promql.ts'

export const delayP99Now: Panel = {
  title: 'Delay p99',
  shows: 'How long a callback waits for the loop, from ready to running: the slowest hundredth of all instants.',
  bad: 'near the latency that your users may see: every request pays it at each await.',
  act: 'the heatmap tells whether few long blocks or a busy loop make it; *Blocks by culprit* who.',
  kind: 'stat',
  unit: 's',
  width: 6,
  look: 0.032,
  red: 0.128,
  queries: [{ expr: quantile(0.99, 'delay'), legend: 'p99' }],
}
