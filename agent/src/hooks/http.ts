/**
 * node:http: a request is an activity from its head's arrival to the end of its response (or of its connection).
 * The channel `http.server.request.start` says when, inside the async context in which the handler will run.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Activity } from '../program/activity.ts'
import type { BuiltinHook, HookContext } from './hook.ts'

/** The activity of a request, for the frameworks' hooks: on the request itself, so that no lookup is needed. */
export const ACTIVITY = Symbol('loopscope.activity')
export type ObservedRequest = IncomingMessage & { [ACTIVITY]?: Activity }
type ObservedResponse = ServerResponse & { [ACTIVITY]?: Activity }

export const http: BuiltinHook = {
  name: 'http',
  start({ recorder, activities, seen }: HookContext) {
    const methods = new Map<string, number>()

    /** 'close' comes once for every response: after its last byte, and when its client went away. */
    function closed(this: ObservedResponse): void {
      const activity = this[ACTIVITY]
      if (activity) activities.end(activity, this.writableFinished ? 'ok' : 'aborted', this.statusCode)
    }

    subscribe('http.server.request.start', (message) => {
      const { request, response } = message as { request: ObservedRequest; response: ObservedResponse }
      const method = request.method ?? ''
      let name = methods.get(method)
      if (name === undefined) methods.set(method, (name = recorder.name(method)))
      const activity = activities.begin('request', name)
      request[ACTIVITY] = activity
      response[ACTIVITY] = activity
      response.on('close', closed)
      activities.enter(activity)
    })
    seen({ module: 'node:http', version: process.versions.node, how: 'channel' })
  },
}
