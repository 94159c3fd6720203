import type { Panel } from '../panel.ts'
import { grown, labels, watched } from '../promql.ts'

const task = labels('loopscope.task.name')

export const tasksFailures: Panel = {
  title: 'Background tasks: failures',
  shows: 'Background tasks that failed, by name, in each interval: nobody got an answer that told.',
  bad: 'anything but 0.',
  act: 'handle the rejection where the task is started; retry it in a job queue if it must not be lost.',
  kind: 'timeseries',
  unit: 'short',
  width: 6,
  queries: [
    {
      expr: `sum by (${task}) (${grown(watched('taskFailures'), '$__rate_interval')})`,
      legend: `{{${task}}}`,
    },
  ],
}
