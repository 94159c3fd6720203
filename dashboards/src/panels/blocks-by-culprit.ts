import type { Panel } from '../panel.ts'
import { grown, labels, watchedHistogram } from '../promql.ts'

const culprit = labels('code.function.name', 'code.file.path', 'http.request.method', 'http.route', 'cause')
const heldBy = `sum by (${culprit}) (${grown(watchedHistogram('blockDuration', 'sum'), '$__range')})`
const countBy = `sum by (${culprit}) (${grown(watchedHistogram('blockDuration', 'count'), '$__range')})`

export const blocksByCulprit: Panel = {
  title: 'Blocks by culprit',
  shows:
    'Who held the event loop over the threshold in the time shown: function, file and route, for how long and how often.',
  bad: 'any row whose mean is near the latency that your users may see, or whose total is a visible share of the time.',
  act: 'open `loopscope blocks` for the line and the stack, and move that work off the loop or cut it into slices.',
  kind: 'table',
  unit: 's',
  width: 24,
  columns: {
    code_function_name: { heading: 'Function', width: 220 },
    code_file_path: { heading: 'File' },
    http_request_method: { heading: 'Method', width: 90 },
    http_route: { heading: 'Route' },
    cause: { heading: 'Cause', width: 110 },
    'Value #A': { heading: 'Held the loop', unit: 's', width: 130 },
    'Value #B': { heading: 'Blocks', unit: 'short', width: 90 },
    'Value #C': { heading: 'Mean', unit: 's', width: 110 },
  },
  queries: [
    { expr: `${heldBy} > 0`, legend: '' },
    { expr: `round(${countBy}) > 0`, legend: '' },
    { expr: `${heldBy} / (${countBy} > 0)`, legend: '' },
  ],
}
