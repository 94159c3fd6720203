/**
 * socket.io, server side: a connection is a socket of a namespace, over whatever transport. What carries it (engine.io on ws
 * or on polling requests) is not told of a second time: its ws server is marked, its requests have a route of their own.
 *
 *   Socket._onconnect, _onclose    the connection begins and ends
 *   Client.ondata, ondecoded       what came in: bytes, and whose message they were
 *   emitUntyped                    an event reaches its handlers: an activity while they run, acknowledgements included
 *   Socket.onevent, onack          what runs before: middleware and `onAny`; who waits for an acknowledgement
 *   Client._packet, writeToEngine  what goes out, to each socket of a broadcast
 */
import { PART } from '@loopscope/collector/protocol'
import type { SocketPath } from '../program/sockets.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { ACTIVITY, type ObservedRequest } from './http.ts'
import { attach, connectionOf, isCarrier, markCarrier } from './support/connection.ts'
import { bufferedOf, isCounted, type Client, type Engine, type Packet, type Socket } from './support/engine.ts'
import { patchMethods, type Method } from './support/patch.ts'
import { bytesOf, pathOf } from './support/socket-names.ts'

const LIBRARY = 'socket.io'
/** Only events with a handler are names; of each namespace so many, then `other`. */
const MAX_EVENTS = 200
const OTHER = 'other'
const MIDDLEWARE = '(middleware)'
const ACKNOWLEDGEMENT = '(acknowledgement)'

type Require = (path: string) => Record<string, { prototype: object }>

/** Its own `require`: what it patches is in several files, loaded by then. */
export const socketIo: PackageHook = {
  name: 'socket-io',
  package: 'socket.io',
  files: [{ file: 'dist/index.js', variable: 'require' }],
  majors: [4],
  how: 'patch',
  start({ recorder, activities, sockets }: HookContext, require: Require) {
    const server = require('./index').Server!.prototype
    const client = require('./client').Client!.prototype
    const socket = require('./socket').Socket!.prototype
    const emitter = Object.getPrototypeOf(socket) as object
    /** Those that carry sockets of socket.io, and the classes of engines that have been patched. */
    const engines = new WeakSet<Engine>()
    const patched = new WeakSet<object>()
    /** Bytes of a message whose attachments are still to come. */
    const unfinished = new WeakMap<Client, number>()
    let incoming = 0
    /** What is being sent, where that is known: by `_packet`, not by a broadcast. */
    let sending: Packet | undefined

    function nameOf(path: SocketPath, event: unknown): number {
      const { name, messages } = path
      const known = messages.get(event)
      if (known !== undefined) return known
      if (messages.size >= MAX_EVENTS && event !== OTHER) return nameOf(path, OTHER)
      const id = recorder.name(recorder.textOf(name) + PART + String(event))
      messages.set(event, id)
      return id
    }

    /** Runs it as an activity of this name. */
    function runAs(self: Socket, event: unknown, original: Method, args: ArrayLike<unknown>): unknown {
      let activity
      try {
        const name = nameOf(connectionOf(self)!.path, event)
        activity = activities.begin('ws', name, activities.current())
      } catch {
        return Reflect.apply(original, self, args)
      }
      let outcome: 'ok' | 'failed' = 'failed'
      try {
        const result = activities.callIn(activity, original, self, args)
        outcome = 'ok'
        return result
      } finally {
        activities.end(activity, outcome)
      }
    }

    const runs =
      (eventOf: (self: Socket, argument: never) => unknown) =>
      (original: Method): Method =>
        function (this: unknown, argument: never): unknown {
          let event: unknown
          try {
            if (connectionOf(this as Socket) !== undefined) event = eventOf(this as Socket, argument)
          } catch {
            // The program comes first.
          }
          if (event === undefined) return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
          return runAs(this as Socket, event, original, arguments) // eslint-disable-line prefer-rest-params
        }

    /** Around the original: what `before` says is handed to `after`. An error of ours is nobody's. */
    const around =
      <Self, Argument, T>(
        before: (self: Self, argument: Argument, second: unknown) => T,
        after: (self: Self, said: T) => void = () => {},
      ) =>
      (original: Method): Method =>
        function (this: unknown, argument: never, second: never): unknown {
          let said: { value: T } | undefined
          try {
            said = { value: before(this as Self, argument, second) }
          } catch {
            // The program comes first.
          }
          try {
            return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
          } finally {
            try {
              if (said) after(this as Self, said.value)
            } catch {
              // The program comes first.
            }
          }
        }

    /** Its ws server is another one once the HTTP server listens: it is marked where an upgrade comes. */
    function carry(engine: Engine): void {
      engines.add(engine)
      let at: object | null = engine
      while (at !== null && !Object.hasOwn(at, 'handleUpgrade')) at = Object.getPrototypeOf(at) as object | null
      if (at === null || patched.has(at)) return
      patched.add(at)
      patchMethods([
        [at, 'handleRequest', around((self: Engine, request: ObservedRequest) => nameRequest(self, request))],
        [at, 'handleUpgrade', around((self: Engine) => mark(self))],
      ])
    }

    function mark(engine: Engine): void {
      if (engine.ws && engines.has(engine) && !isCarrier(engine.ws)) markCarrier(engine.ws)
    }

    /** It waits for the next message: no measure of the program's own routes. */
    function nameRequest(engine: Engine, request: ObservedRequest): void {
      const activity = request[ACTIVITY]
      if (activity && engines.has(engine)) activities.setRoute(activity, recorder.name(pathOf(request.url)))
    }

    function sent(self: Client, encoded: unknown, packet: Packet | undefined): void {
      if (packet !== undefined && !isCounted(packet.type)) return
      const [first] = self.nsps.values()
      const target =
        packet === undefined && self.nsps.size > 1 ? byText(self, encoded) : self.nsps.get(packet?.nsp ?? '')
      const connection = connectionOf(target ?? first ?? {})
      if (connection === undefined) return
      sockets.sent(connection, bytesOf(encoded), 1)
      // What waits belongs to the client, not to a namespace: its first one speaks for it.
      sockets.watch((first && connectionOf(first)) ?? connection)
    }

    patchMethods([
      [server, 'bind', around((_, engine: Engine) => carry(engine))],
      [
        socket,
        '_onconnect',
        around((self: Socket) => {
          if (connectionOf(self)?.isOpen) return
          attach(self, sockets.open(sockets.path(LIBRARY, pathOf(self.nsp.name), bufferedOf), self))
        }),
      ],
      [
        socket,
        '_onclose',
        around(
          (self: Socket) => connectionOf(self),
          (self, connection) => {
            if (connection && !self.connected) sockets.close(connection)
          },
        ),
      ],
      [
        socket,
        'onevent',
        runs((self) => (self.fns.length + (self._anyListeners?.length ?? 0) > 0 ? MIDDLEWARE : undefined)),
      ],
      [socket, 'onack', runs((self, packet: Packet) => (self.acks.has(packet.id) ? ACKNOWLEDGEMENT : undefined))],
      [emitter, 'emitUntyped', runs((self, event: string) => (self.listenerCount(event) > 0 ? event : undefined))],
      [
        client,
        'ondata',
        around(
          (self: Client, data) => {
            const outer = incoming
            incoming = (unfinished.get(self) ?? 0) + bytesOf(data)
            return outer
          },
          (self, outer) => {
            if (incoming > 0) unfinished.set(self, incoming)
            else unfinished.delete(self)
            incoming = outer
          },
        ),
      ],
      [
        client,
        'ondecoded',
        around((self: Client, packet: Packet) => {
          const bytes = incoming
          incoming = 0
          const connection = connectionOf(self.nsps.get(packet.nsp) ?? {})
          if (connection !== undefined && isCounted(packet.type)) sockets.received(connection, bytes)
        }),
      ],
      [
        client,
        '_packet',
        around(
          (_: Client, packet: Packet) => {
            const outer = sending
            sending = typeof packet.type === 'number' ? packet : undefined
            return outer
          },
          (_, outer) => {
            sending = outer
          },
        ),
      ],
      [
        client,
        'writeToEngine',
        around((self: Client, encoded, options) => {
          const packet = sending
          const { conn } = self
          const isLost = (options as { volatile?: unknown } | undefined)?.volatile && !conn.transport.writable
          if (conn.readyState === 'open' && !isLost) sent(self, encoded, packet)
        }),
      ],
    ])
    sockets.start()
  },
}

/** `2/namespace,[…]`, with an id and attachments where it has them: what the default parser writes. */
function byText(client: Client, encoded: unknown): Socket | undefined {
  const text: unknown = Array.isArray(encoded) ? encoded[0] : encoded
  if (typeof text !== 'string') return undefined
  return client.nsps.get(/^\d(?:\d*-)?(\/[^,]*),/.exec(text)?.[1] ?? '/')
}
