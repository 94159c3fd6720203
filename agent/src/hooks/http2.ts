/**
 * node:http2 servers: a stream that a client opens is an activity, from its headers to its end. The channel
 * `http2.server.stream.start` comes just before Node queues the handler ('stream', and 'request' of the compatibility API),
 * in the context in which that will run. HTTP/1 on the same port is the business of http.ts; pushed streams are part of the
 * request that pushes them, and CONNECT opens a tunnel: like an upgrade, it is no request.
 * A body's chunks come in a context that is older than the request: support/bodies.ts.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { ServerHttp2Stream } from 'node:http2'
import type { Activity } from '../program/activity.ts'
import type { Streams } from '../program/streams.ts'
import type { BuiltinHook, HookContext } from './hook.ts'
import { ACTIVITY } from './http.ts'
import { carryBodies } from './support/bodies.ts'
import { patchMethods, type Method } from './support/patch.ts'

/** The first releases that publish streams: minor by major. */
const SINCE: Record<number, number> = { 22: 17, 23: Infinity, 24: 2 }

type ObservedStream = ServerHttp2Stream & { [ACTIVITY]?: Activity }

interface Started {
  stream: ObservedStream
  headers: Record<string, string | undefined>
}

export const http2: BuiltinHook = {
  name: 'http2',
  start({ recorder, activities, streams, seen }: HookContext) {
    const row = { module: 'node:http2', version: process.versions.node }
    if (!isPublished(row.version)) {
      return seen({ ...row, how: 'none', why: 'this Node does not publish its streams: 22.17 and 24.2 are the first' })
    }
    let methods: Map<string | undefined, number> | undefined
    let other = 0
    let isFirst = true

    /** HTTP/2 takes any method from a client; the names are those that HTTP/1 knows, and `other`. */
    function begin(): Map<string | undefined, number> {
      other = recorder.name('other')
      const { METHODS } = process.getBuiltinModule('node:http')
      return new Map(METHODS.map((method) => [method, 0]))
    }

    function nameOf(method: string | undefined): number {
      methods ??= begin()
      const known = methods.get(method)
      if (known === undefined) return other
      if (known !== 0) return known
      const name = recorder.name(method!)
      methods.set(method, name)
      return name
    }

    function closed(this: ObservedStream): void {
      const activity = this[ACTIVITY]
      if (activity === undefined) return
      streams.close(activity)
      const isWhole = this.writableFinished && !this.aborted
      activities.end(activity, isWhole ? 'ok' : 'aborted', Number(this.sentHeaders?.[':status'] ?? 0))
    }

    subscribe('http2.server.stream.start', (message) => {
      try {
        const { stream, headers } = message as Started
        const method = headers[':method']
        if (stream.id! % 2 === 0 || method === 'CONNECT') return
        if (isFirst) {
          isFirst = false
          linkRequests()
          carryBodies<ObservedStream>(activities, Object.getPrototypeOf(stream) as object, (each) => each[ACTIVITY])
          streams.onFirst(() => noteHeads(streams, Object.getPrototypeOf(stream) as object))
        }
        const activity = activities.begin('request', nameOf(method))
        stream[ACTIVITY] = activity
        stream.on('close', closed)
        streams.add(activity, stream, 0)
        if (activities.carried) activities.enter(activity)
        else process.nextTick(() => activities.enter(activity)) // right before the handler
      } catch {
        // What a subscriber throws would end the process.
      }
    })
    seen({ ...row, how: 'channel' })
  },
}

function isPublished(version: string): boolean {
  const [major, minor] = version.split('.').map(Number) as [number, number]
  return minor >= (SINCE[major] ?? 0)
}

/** The requests of the compatibility API, in which the frameworks' hooks look, have the activity of their stream. */
function linkRequests(): void {
  const { Http2ServerRequest } = process.getBuiltinModule('node:http2')
  Object.defineProperty(Http2ServerRequest.prototype, ACTIVITY, {
    get(this: { stream?: ObservedStream }) {
      return this.stream?.[ACTIVITY]
    },
    configurable: true,
    enumerable: false,
  })
}

/** As in http.ts. */
function noteHeads(streams: Streams, prototype: object): void {
  try {
    patchMethods([[prototype, 'respond', (respond) => wrap(respond)]])
  } catch {
    // The time to the head stays unknown.
  }

  function wrap(respond: Method): Method {
    return function (this: unknown) {
      const activity = (this as ObservedStream)[ACTIVITY]
      if (activity) streams.headed(activity)
      return Reflect.apply(respond, this, arguments) // eslint-disable-line prefer-rest-params
    }
  }
}
