/**
 * node:http and node:https: a request is an activity from its head's arrival to the end of its response (or of its
 * connection). The channel `http.server.request.start` says when, inside the async context in which the handler will run.
 * An upgrade is no request: Node does not publish it, its connection has no activity.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Activity } from '../program/activity.ts'
import type { Streams } from '../program/streams.ts'
import type { BuiltinHook, HookContext } from './hook.ts'
import { carryBodies } from './support/bodies.ts'
import { patchMethods, type Method } from './support/patch.ts'

/** The activity of a request, for the frameworks' hooks: on the request itself, so that no lookup is needed. */
export const ACTIVITY = Symbol('loopscope.activity')
export type ObservedRequest = IncomingMessage & { [ACTIVITY]?: Activity }
type ObservedResponse = ServerResponse & { [ACTIVITY]?: Activity }

interface Started {
  request: ObservedRequest
  response: ObservedResponse
  socket: Socket & { _httpMessage?: ServerResponse | null; _bytesDispatched?: number }
  server: Server
}

export const http: BuiltinHook = {
  name: 'http',
  start({ recorder, activities, streams, seen }: HookContext) {
    const methods = new Map<string, number>()
    let isCarryingBodies = false
    const queues = new WeakMap<Socket, Set<ObservedResponse>>()

    /** 'close' comes once for every response that got its socket: after its last byte, and when its client went away. */
    function closed(this: ObservedResponse): void {
      const activity = this[ACTIVITY]
      if (activity === undefined) return
      streams.close(activity)
      activities.end(activity, this.writableFinished ? 'ok' : 'aborted', this.statusCode)
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
        // What its connection has sent is not all its own when others are before it.
        streams.add(activity, response, socket._httpMessage ? -1 : (socket._bytesDispatched ?? -1))
        activities.enter(activity)
      } catch {
        // What a subscriber throws would end the process.
      }
    })
    streams.onFirst(() => noteHeads(streams))
    seen({ module: 'node:http', version: process.versions.node, how: 'channel' })
  },
}

/** When a response's head is written, for the time to it; of a program that has streams alone. */
function noteHeads(streams: Streams): void {
  const { ServerResponse } = process.getBuiltinModule('node:http')
  try {
    patchMethods([[ServerResponse.prototype, 'writeHead', (writeHead) => wrap(writeHead)]])
  } catch {
    // The time to the head stays unknown.
  }

  function wrap(writeHead: Method): Method {
    return function (this: unknown) {
      const activity = (this as ObservedResponse)[ACTIVITY]
      if (activity) streams.headed(activity)
      return Reflect.apply(writeHead, this, arguments) // eslint-disable-line prefer-rest-params
    }
  }
}
