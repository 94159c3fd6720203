import type { Panel } from '../panel.ts'
import { labels, watched } from '../promql.ts'

export const victimTime: Panel = {
  title: 'Victim time, by the route that caused it',
  shows:
    'How long others waited, summed over all of them, because a request of this route held the loop (seconds per second).',
  bad: 'above what the culprit route itself is worth: it makes others pay.',
  act: 'fix the culprit route first, not the slow routes that suffer from it.',
  kind: 'timeseries',
  unit: 's',
  stacked: true,
  queries: [
    {
      expr: `topk(10, sum by (${labels('culprit.route')}) (rate(${watched('victimTime')}[$__rate_interval])) > 0)`,
      legend: '{{culprit_route}}',
    },
  ],
}
