/**
 * http.request and https.request, by Node's channels: a call of the activity that made it, from the constructor to the
 * request's 'close' (the answer was read, or its connection is gone, upgraded) or its error. axios, got and node-fetch ride
 * on it; fetch does not.
 *
 * `http.client.response.finish` is the arrival of the answer's head, no end. No listener for 'response' or 'error': the first
 * would keep Node from throwing away what nobody reads, the second would swallow errors.
 * Costs 0.85 us a call (bench:record, `call.http`).
 */
import { subscribe } from 'node:diagnostics_channel'
import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { BuiltinHook, HookContext } from './hook.ts'
import { ACTIVITY, type ObservedRequest as Message } from './http.ts'
import { Calls, isTimeout, type Call } from './support/calls.ts'

const CALL = Symbol('loopscope.call')

type ObservedRequest = ClientRequest & {
  [CALL]?: Call
  socketPath?: string
  agent?: Agent
  upgradeOrConnect?: boolean
}

type ObservedSocket = Socket & { secureConnecting?: boolean }

export const httpClient: BuiltinHook = {
  name: 'http-client',
  start(context: HookContext) {
    const calls = new Calls(context, 'http')

    function created(message: unknown): void {
      try {
        const { request } = message as { request: ObservedRequest }
        const agent = request.agent
        request[CALL] = calls.ask(calls.host(hostOf(request), agent, agent?.maxSockets), created)
        request.on('socket', assigned)
        request.on('close', closed)
      } catch {
        // What a subscriber throws would end the process.
      }
    }

    function assigned(this: ObservedRequest, socket: ObservedSocket): void {
      const call = this[CALL]
      if (call === undefined) return
      calls.connection(call.host, socket)
      const connected = socket.secureConnecting === true ? 'secureConnect' : socket.connecting ? 'connect' : undefined
      if (connected === undefined) return calls.take(call)
      const since = context.now()
      socket.once(connected, () => {
        calls.connected(call.host, since)
        calls.take(call)
      })
    }

    function closed(this: ObservedRequest): void {
      const call = this[CALL]
      if (call === undefined) return
      if (this.upgradeOrConnect === true && this.socket) calls.detach(this.socket)
      calls.end(call, this.aborted)
    }

    subscribe('http.client.request.created', created)
    subscribe('http.client.request.error', (message) => {
      try {
        const { request, error } = message as { request: ObservedRequest; error: unknown }
        if (request[CALL] === undefined) return
        calls.end(request[CALL], true, isTimeout(error))
        context.activities.goOn(request[CALL].lease.activity)
      } catch {
        // What a subscriber throws would end the process.
      }
    })
    subscribe('http.client.response.finish', (message) => {
      try {
        const { request, response } = message as { request: ObservedRequest; response: IncomingMessage }
        const call = request[CALL]
        if (call === undefined) return
        const { lease } = call
        lease.answer = response
        calls.head(call)
        if (context.activities.carried || lease.activity === undefined) return
        ;(response as Message)[ACTIVITY] = lease.activity
        context.activities.goOn(lease.activity)
      } catch {
        // What a subscriber throws would end the process.
      }
    })
    context.seen({ module: 'node:http client', version: process.versions.node, how: 'channel' })
  },
}

/** As the Host header says it: a call through a proxy is named by its aim. */
function hostOf(request: ObservedRequest): string {
  if (request.socketPath) return `unix:${request.socketPath}`
  const header = request.getHeader('host')
  return typeof header === 'string' ? header : request.host
}
