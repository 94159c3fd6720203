import type { Panel } from '../panel.ts'
import { grown, labels, watchedHistogram } from '../promql.ts'

const culprit = labels('code.function.name', 'http.request.method', 'http.route')
const held = watchedHistogram('blockDuration', 'sum')

export const blockedTime: Panel = {
  title: 'Time blocked, by culprit',
  shows: 'For how many ms of each second a culprit held the loop over the threshold, when: the ten worst.',
  bad: 'a spike at the moment at which others complained.',
  act: 'match it with *Victim time* beside it: whose requests waited because of it.',
  kind: 'timeseries',
  unit: 'percentunit',
  stacked: true,
  queries: [
    {
      expr: `topk(10, sum by (${culprit}) (${grown(held, '$__rate_interval')}) / $__rate_interval_ms * 1000 > 0)`,
      legend: '{{code_function_name}} {{http_request_method}} {{http_route}}',
    },
  ],
}
