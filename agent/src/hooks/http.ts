/**
 * node:http and node:https: a request is an activity from its head's arrival to the end of its response (or of its
 * connection). The channel `http.server.request.start` says when, inside the async context in which the handler will run.
 * An upgrade is no request: Node does not publish it, its connection has no activity.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Activity } from '../program/activity.ts'
import type { BuiltinHook, HookContext } from './hook.ts'
import { carryBodies } from './support/bodies.ts'

/** The activity of a request, for the frameworks' hooks: on the request itself, so that no lookup is needed. */
export const ACTIVITY = Symbol('loopscope.activity')
export type ObservedRequest = IncomingMessage & { [ACTIVITY]?: Activity }
type ObservedResponse = ServerResponse & { [ACTIVITY]?: Activity }

interface Started {
  request: ObservedRequest
  response: ObservedResponse
  socket: Socket & { _httpMessage?: ServerResponse | null }
  server: Server
}

export const http: BuiltinHook = {
  name: 'http',
  start({ recorder, activities, seen }: HookContext) {
    const methods = new Map<string, number>()
    let isCarryingBodies = false
    const queues = new WeakMap<Socket, Set<ObservedResponse>>()

    /** 'close' comes once for every response that got its socket: after its last byte, and when its client went away. */
    function closed(this: ObservedResponse): void {
      const activity = this[ACTIVITY]
      if (activity) activities.end(activity, this.writableFinished ? 'ok' : 'aborted', this.statusCode)
    }

    /**
     * A pipelined response waits for those before it. When the connection breaks meanwhile, Node 22 forgets it without a
     * 'close' (abortIncoming in lib/_http_server.js; 24 has abortOutgoing), so the socket's own is taken.
     */
    function queue(socket: Socket, response: ObservedResponse): void {
      let queued = queues.get(socket)
      if (queued === undefined) {
        const waiting = new Set<ObservedResponse>()
        queues.set(socket, (queued = waiting))
        socket.once('close', () => {
          for (const each of waiting) closed.call(each)
        })
      }
      const waiting = queued
      waiting.add(response)
      response.on('close', () => waiting.delete(response))
    }

    subscribe('http.server.request.start', (message) => {
      try {
        const { request, response, socket } = message as Started
        const method = request.method ?? ''
        let name = methods.get(method)
        if (name === undefined) methods.set(method, (name = recorder.name(method)))
        const activity = activities.begin('request', name)
        request[ACTIVITY] = activity
        response[ACTIVITY] = activity
        response.on('close', closed)
        if (socket._httpMessage) queue(socket, response)
        if (!isCarryingBodies) {
          isCarryingBodies = true
          const { IncomingMessage } = process.getBuiltinModule('node:http')
          carryBodies<ObservedRequest>(activities, IncomingMessage.prototype, (each) => each[ACTIVITY])
        }
        activities.enter(activity)
      } catch {
        // What a subscriber throws would end the process.
      }
    })
    seen({ module: 'node:http', version: process.versions.node, how: 'channel' })
  },
}
