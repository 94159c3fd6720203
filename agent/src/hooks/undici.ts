/**
 * undici, the npm package and the one inside of Node that is behind fetch, by its channels: a call of the activity that made
 * it, from `create`, which undici publishes in the context of the caller, to `trailers` or `error`. All later ones come in the
 * context of whoever opened the connection. What waits in the queue of a limited pool is not created yet: undici-pool.ts.
 * A redirect or retry that undici's interceptors make is charged to whoever has opened the connection, so far.
 *
 * An answer that nobody reads holds its connection, so it is a call still: until fetch's is collected, or undici's bodyTimeout.
 * Costs 0.8 us a call (bench:record, `call.undici`).
 */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { BuiltinHook, HookContext } from './hook.ts'
import { isTimeout, type Call, type Host } from './support/calls.ts'
import { Attempts } from './support/attempts.ts'
import { undiciCalls } from './support/undici-calls.ts'

const CALL = Symbol('loopscope.call')
/** fetch puts 15 to 20 frames of its own between the caller and the request. */
const SITE_DEPTH = 32

const MAX_NAMES = 1000

interface ObservedRequest {
  origin: unknown
  [CALL]?: Call
}

interface Message {
  request: ObservedRequest
  error?: unknown
}

interface Connecting {
  connectParams: { host: string; protocol: string }
  connector: object
}

export const undici: BuiltinHook = {
  name: 'undici',
  start(context: HookContext) {
    const shared = undiciCalls(context)
    const { calls } = shared
    const { activities } = context
    const goOn = ({ lease }: Call): void => activities.goOn(lease.activity)
    shared.isOn = true
    const names = new Map<string, string>()
    const attempts = new Attempts()

    /** `origin`: https://host:port. */
    function nameOf(origin: string): string {
      const known = names.get(origin)
      if (known !== undefined) return known
      const name = origin.slice(origin.indexOf('//') + 2)
      if (names.size < MAX_NAMES) names.set(origin, name)
      return name
    }

    function hostOf(origin: string): Host {
      const { pool } = shared
      return pool === undefined ? calls.host(nameOf(origin)) : calls.host(nameOf(origin), pool.client, pool.limit)
    }

    // Who queues finds others before: the host is known, and with it the limit.
    shared.ask = (origin, below) => calls.ask(calls.known(nameOf(origin)) ?? hostOf(origin), below, SITE_DEPTH)

    /** Itself the subscriber: the line that called is looked for above it. */
    function created(message: unknown): void {
      try {
        const { request } = message as { request: ObservedRequest }
        const { dequeued } = shared
        shared.dequeued = undefined
        request[CALL] = dequeued ?? calls.ask(hostOf(String(request.origin)), created, SITE_DEPTH)
      } catch {
        // What a subscriber throws would end the process.
      }
    }

    const subscribers: Record<string, (message: never) => void> = {
      'undici:client:sendHeaders': ({ request }: Message) => request[CALL] && calls.take(request[CALL]),
      'undici:client:beforeConnect': ({ connectParams, connector }: Connecting) =>
        attempts.begin(connector, originOf(connectParams), context.now()),
      'undici:client:connectError': ({ connectParams, connector }: Connecting) =>
        attempts.end(connector, originOf(connectParams)),
      'undici:client:connected': ({ connectParams, connector, socket }: Connecting & { socket: Socket }) => {
        const origin = originOf(connectParams)
        const since = attempts.end(connector, origin)
        const host = calls.known(nameOf(origin))
        if (host === undefined) return
        calls.connection(host, socket)
        if (since !== undefined) calls.connected(host, since)
      },
      'undici:request:headers': ({ request }: Message) => {
        if (request[CALL] === undefined) return
        calls.head(request[CALL])
        goOn(request[CALL])
      },
      'undici:request:trailers': ({ request }: Message) => {
        if (request[CALL] === undefined) return
        calls.end(request[CALL], false)
        goOn(request[CALL])
      },
      'undici:request:error': ({ request, error }: Message) => {
        if (request[CALL] === undefined) return
        calls.end(request[CALL], true, isTimeout(error))
        goOn(request[CALL])
      },
    }
    subscribe('undici:request:create', created)
    for (const [channel, subscriber] of Object.entries(subscribers)) {
      subscribe(channel, (message) => {
        try {
          subscriber(message as never)
        } catch {
          // What a subscriber throws would end the process.
        }
      })
    }
    context.seen({ module: 'node:fetch', version: process.versions['undici'] ?? '', how: 'channel' })
  },
}

const originOf = ({ protocol, host }: Connecting['connectParams']): string => `${protocol}//${host}`
