import { routeAttributes, seconds, type Topic } from '../topic.ts'

export const blocks: Topic = {
  name: 'blocks',
  add({ totals }, points) {
    for (const block of totals.blocks) {
      const attributes = {
        cause: block.cause,
        'code.function.name': block.function,
        'code.file.path': block.file,
        ...routeAttributes(block.route),
      }
      points.histogram('blockDuration', attributes, block.duration, block.exemplar)
    }
    for (const { why, duration } of totals.allowed ?? []) {
      points.histogram('blockAllowedDuration', { 'loopscope.block.allowed': why }, duration)
    }
    points.value('startupDuration', {}, seconds(totals.startUp))
    // The culprit keeps its method in one label: two pairs of method and route on one series are hard to read.
    for (const { route, culprit, time } of totals.victims) {
      points.value('victimTime', { ...routeAttributes(route), 'culprit.route': culprit }, seconds(time))
    }
  },
}
