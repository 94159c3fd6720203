import { routeAttributes, seconds, type Topic } from '../topic.ts'

export const requests: Topic = {
  name: 'requests',
  add({ totals, routes }, points) {
    for (const { method, route, status, duration } of totals.requests) {
      const attributes = {
        ...routeAttributes(route),
        'http.request.method': method,
        // 0: aborted before there was a status.
        'http.response.status_code': status > 0 ? status : undefined,
        'error.type': status >= 500 ? String(status) : undefined,
      }
      points.histogram('requestDuration', attributes, duration)
    }
    for (const row of routes) points.value('activeRequests', routeAttributes(row.route), row.inFlight)
    for (const { route, wait, time } of totals.waits) {
      points.value('requestWaitTime', { ...routeAttributes(route), wait }, seconds(time))
    }
  },
}
