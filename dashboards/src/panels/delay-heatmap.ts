import type { Panel } from '../panel.ts'
import { watchedHistogram } from '../promql.ts'

export const delayHeatmap: Panel = {
  title: 'Event-loop delay',
  shows:
    'How long a callback that becomes ready waits for the loop, over all instants (one observation for each ms of life, so a cell is a share of time).',
  bad: 'a band far above the rest: single callbacks hold the loop. A rising floor: the loop is full.',
  act: 'a band: *Blocks by culprit*. A rising floor: *Busy time by cause*, then `loopscope hot`.',
  kind: 'heatmap',
  unit: 's',
  width: 24,
  queries: [
    {
      expr: `sum by (le) (rate(${watchedHistogram('delay', 'bucket')}[$__rate_interval]))`,
      legend: '{{le}}',
    },
  ],
}
