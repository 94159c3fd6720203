import type { Panel } from '../panel.ts'
import { labels, watched } from '../promql.ts'

const task = labels('loopscope.task.name')

export const tasksOldest: Panel = {
  title: 'Background tasks: oldest',
  shows: 'The age of the oldest task that still runs, by name.',
  bad: 'far above how long such a task takes: it hangs, and is lost when the process ends.',
  act: 'give it a time-out; `loopscope tasks` says where it was started and what it waits on.',
  kind: 'timeseries',
  unit: 's',
  width: 6,
  queries: [{ expr: `topk(10, max by (${task}) (${watched('taskOldestAge')}))`, legend: `{{${task}}}` }],
}
