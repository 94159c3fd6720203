import { seconds, type Topic } from '../topic.ts'

const NAME = 'loopscope.task.name'

export const tasks: Topic = {
  name: 'tasks',
  add({ background, totals }, points) {
    for (const row of background) {
      points.value('taskActive', { [NAME]: row.name }, row.running)
      points.value('taskOldestAge', { [NAME]: row.name }, seconds(row.oldest))
    }
    for (const task of totals.tasks) {
      points.histogram('taskDuration', { [NAME]: task.name }, task.duration)
      points.value('taskFailures', { [NAME]: task.name }, task.failures)
      points.value('taskStarted', { [NAME]: task.name }, task.started)
      points.value('taskUnhandled', { [NAME]: task.name }, task.unhandled)
    }
  },
}
