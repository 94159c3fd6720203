import { routeAttributes, seconds, type Topic } from '../topic.ts'

/** Responses that stay open. */
export const streams: Topic = {
  name: 'streams',
  add({ streams, totals }, points) {
    for (const row of streams) {
      points.value('streamActive', routeAttributes(row.route), row.active)
      points.value('streamBuffered', routeAttributes(row.route), row.buffered)
    }
    for (const { route, stalledTime } of totals.streams ?? []) {
      points.value('streamStalledTime', routeAttributes(route), seconds(stalledTime))
    }
  },
}
