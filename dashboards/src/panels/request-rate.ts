import type { Panel } from '../panel.ts'
import { labels, watchedHistogram } from '../promql.ts'

const route = labels('http.request.method', 'http.route')

export const requestRate: Panel = {
  title: 'Requests: rate by route',
  shows: 'Requests that were answered, per second and route: the ten busiest.',
  bad: 'a fall while the load does not fall: the loop does not get to them.',
  act: 'compare with *Utilisation*; at 100 % the process is full.',
  kind: 'timeseries',
  unit: 'reqps',
  stacked: true,
  queries: [
    {
      expr: `topk(10, sum by (${route}) (rate(${watchedHistogram('requestDuration', 'count')}[$__rate_interval])))`,
      legend: '{{http_request_method}} {{http_route}}',
    },
  ],
}
