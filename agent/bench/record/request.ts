/**
 * A request on the program's thread: real IncomingMessage and ServerResponse objects go through Node's own channel to the
 * agent's hook, the route is named, and 'close' ends it; against the same without the channel, interleaved.
 */
import { AsyncResource } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { http } from '../../src/hooks/http.ts'
import type { HookContext } from '../../src/hooks/hook.ts'
import { now } from '../../src/program/clock.ts'
import { interleave } from '../support/interleave.ts'
import { cpuNs, difference, times, type MicroBench } from '../support/micro.ts'
import { createProgram } from './program.ts'

const WARM_UP_ROUNDS = 4
const EMPTY_EVERY = 1 << 11
const METHODS = ['GET', 'GET', 'POST', 'GET']
const ROUTES = Array.from({ length: 16 }, (_, n) => `/api/things/:id/parts/${n}`)

export const request: MicroBench = {
  name: 'request',
  async run(plan) {
    const { recorder, activities, pools, queues, sockets, streams, empty } = createProgram()
    http.start({ recorder, activities, pools, queues, sockets, streams, now, seen: () => {} } satisfies HookContext)
    const start = channel('http.server.request.start')
    const socket = new Socket()
    const server = {}
    const outside = new AsyncResource('loopscope-bench')
    const n = times(plan, 10_000)

    const make = (i: number): { incoming: IncomingMessage; response: ServerResponse } => {
      const incoming = new IncomingMessage(socket)
      incoming.method = METHODS[i & 3]!
      incoming.url = '/'
      return { incoming, response: new ServerResponse(incoming) }
    }
    const without = (i: number): void => {
      const { response } = make(i)
      response.statusCode = 200
      response.emit('close')
    }
    const observed = (i: number): void => {
      const { incoming, response } = make(i)
      start.publish({ request: incoming, response, socket, server })
      const activity = activities.current()
      if (activity) activities.setRoute(activity, recorder.name(ROUTES[i & 15]!))
      response.statusCode = 200
      response.emit('close')
    }
    const round = (one: (i: number) => void): number => {
      const began = cpuNs()
      for (let i = 0; i < n; i++) {
        if ((i & (EMPTY_EVERY - 1)) === 0) empty()
        // As each real request: in an async context of its own.
        outside.runInAsyncScope(one, undefined, i)
      }
      return (cpuNs() - began) / n
    }
    const arms = { none: () => round(without), agent: () => round(observed) }
    await interleave(WARM_UP_ROUNDS, arms)
    const { none, agent } = await interleave(plan.rounds, arms)
    if (activities.current()) throw new Error('a request left its activity behind')
    return [
      {
        id: 'request.program',
        about: 'a request on the program thread: channel, context, route, end',
        unit: 'ns',
        samples: difference(agent, none),
      },
    ]
  },
}
