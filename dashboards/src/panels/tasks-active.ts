import type { Panel } from '../panel.ts'
import { labels, watched } from '../promql.ts'

const task = labels('loopscope.task.name')

export const tasksActive: Panel = {
  title: 'Background tasks: running',
  shows: 'Work that goes on after its response was sent, or was started by `withTask`: how many run now, by name.',
  bad: 'a line that only rises: it starts faster than it ends.',
  act: '`loopscope tasks` says what they wait on; bound how many run at once, or hand them to a job queue.',
  kind: 'timeseries',
  unit: 'short',
  stacked: true,
  queries: [{ expr: `topk(10, sum by (${task}) (${watched('taskActive')}))`, legend: `{{${task}}}` }],
}
