/**
 * ws, server side. A connection is counted from its upgrade (`handleUpgrade`, which every mode of the server ends in) to
 * `emitClose`, which every end of it does. A message is an activity while its listeners run: `emit` is put in between, so
 * that all of them, and what they start, run for the message.
 *
 * What a listener returns is not waited for: whoever listens to the promise of an async one handles its rejection, which
 * nobody else does; the program would no longer be told. What goes on is known as that of requests is.
 */
import type { IncomingMessage } from 'node:http'
import type { Activity } from '../program/activity.ts'
import type { SocketPath } from '../program/sockets.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { ACTIVITY, type ObservedRequest } from './http.ts'
import { attach, connectionOf, isCarrier, type Observed } from './support/connection.ts'
import { disguise, patchMethods, type Method } from './support/patch.ts'
import { bytesOf, pathOf } from './support/socket-names.ts'

const LIBRARY = 'ws'
const OPEN = 1

type Socket = Observed & { readonly readyState: number }

interface Library {
  readonly prototype: object
}

type Require = (path: string) => Library

/** Its own `require`: the server's file is loaded by `require` and `import` alike, and has loaded the other. */
export const ws: PackageHook = {
  name: 'ws',
  package: 'ws',
  files: [{ file: 'lib/websocket-server.js', variable: 'require' }],
  majors: [8],
  how: 'patch',
  start({ recorder, activities, sockets }: HookContext, require: Require) {
    const [WebSocket, Server] = [require('./websocket'), require('./websocket-server')]
    const { prototype } = WebSocket
    const buffered = Object.getOwnPropertyDescriptor(prototype, 'bufferedAmount')?.get
    const parent = Object.getPrototypeOf(prototype) as { emit: Method } | null
    if (!buffered || typeof parent?.emit !== 'function') throw new Error('no WebSocket in it')
    const bufferedOf = (socket: Socket): number => Reflect.apply(buffered, socket, []) as number
    const byRoute = new Map<number, SocketPath>()
    const emitter = parent

    /** A route that has led here has a template; there the request ends, and the connection begins. */
    function placeOf(request: ObservedRequest): SocketPath {
      const activity = request[ACTIVITY]
      if (activity === undefined) return sockets.path(LIBRARY, pathOf(request.url), bufferedOf)
      activities.end(activity, 'ok', 101)
      const { route } = activity
      const known = byRoute.get(route)
      if (known !== undefined) return known
      if (route === 0) return sockets.path(LIBRARY, pathOf(request.url), bufferedOf)
      const path = sockets.path(LIBRARY, recorder.textOf(route), bufferedOf)
      byRoute.set(route, path)
      return path
    }

    function opened(socket: unknown, request: IncomingMessage): void {
      // Of another class its end would not be seen.
      if (!(socket instanceof (WebSocket as never as new () => object))) return
      if (connectionOf(socket) === undefined) attach(socket, sockets.open(placeOf(request), socket))
    }

    function wrapUpgrade(original: Method): Method {
      function handleUpgrade(
        this: object,
        request: IncomingMessage,
        socket: unknown,
        head: unknown,
        callback: unknown,
      ): unknown {
        if (typeof callback !== 'function' || isCarrier(this)) return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
        function upgraded(this: unknown, webSocket: unknown): unknown {
          try {
            opened(webSocket, request)
          } catch {
            // The program comes first.
          }
          return Reflect.apply(callback as Method, this, arguments) // eslint-disable-line prefer-rest-params
        }
        return Reflect.apply(original, this, [request, socket, head, upgraded])
      }
      return handleUpgrade as Method
    }

    function wrapEmitClose(original: Method): Method {
      function emitClose(this: Socket): unknown {
        const connection = connectionOf(this)
        if (connection !== undefined) sockets.close(connection)
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return emitClose as Method
    }

    function wrapSend(original: Method): Method {
      function send(this: Socket, data: never, options: never, callback: never): unknown {
        const connection = connectionOf(this)
        const isOpen = connection !== undefined && this.readyState === OPEN
        const result = original.call(this, data, options, callback)
        if (isOpen) {
          try {
            const isLast = (options as { fin?: unknown } | undefined)?.fin ?? true
            sockets.sent(connection, bytesOf(data), isLast ? 1 : 0)
            sockets.watch(connection)
          } catch {
            // The program comes first.
          }
        }
        return result
      }
      return send as Method
    }

    function received(socket: Socket, data: unknown): Activity | undefined {
      try {
        const connection = connectionOf(socket)!
        sockets.received(connection, bytesOf(data))
        return activities.begin('ws', connection.path.name)
      } catch {
        return undefined
      }
    }

    /** Its own, in between: WebSocket has that of its parent. */
    function emit(this: Socket, event: unknown, data: unknown): unknown {
      const inherited = emitter.emit
      if (event !== 'message' || connectionOf(this) === undefined) return Reflect.apply(inherited, this, arguments) // eslint-disable-line prefer-rest-params
      const activity = received(this, data)
      if (activity === undefined) return Reflect.apply(inherited, this, arguments) // eslint-disable-line prefer-rest-params
      let outcome: 'ok' | 'failed' = 'failed'
      try {
        const result = activities.callIn(activity, inherited, this, arguments) // eslint-disable-line prefer-rest-params
        outcome = 'ok'
        return result
      } finally {
        activities.end(activity, outcome)
      }
    }

    patchMethods([
      [Server.prototype, 'handleUpgrade', wrapUpgrade],
      [prototype, 'emitClose', wrapEmitClose],
      [prototype, 'send', wrapSend],
    ])
    Object.defineProperty(prototype, 'emit', {
      value: disguise(emit, parent.emit),
      configurable: true,
      writable: true,
      enumerable: false,
    })
    sockets.start()
  },
}
