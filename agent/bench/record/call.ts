/**
 * A call to another server on the program's thread: what Node and undici publish goes through their channels to the agent's
 * hooks, on behalf of an activity; against the same objects without the channels, interleaved.
 */
import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import type { HookContext } from '../../src/hooks/hook.ts'
import { httpClient } from '../../src/hooks/http-client.ts'
import { undici } from '../../src/hooks/undici.ts'
import { now } from '../../src/program/clock.ts'
import { interleave } from '../support/interleave.ts'
import { cpuNs, difference, times, type MicroBench } from '../support/micro.ts'
import { createProgram } from './program.ts'

const WARM_UP_ROUNDS = 4
const EMPTY_EVERY = 1 << 11
const HOST = 'api.internal:8080'

class Request extends EventEmitter {
  readonly host = HOST
  readonly origin = `http://${HOST}`
  readonly agent = undefined

  getHeader(): string {
    return HOST
  }
}

export const call: MicroBench = {
  name: 'call',
  async run(plan) {
    const { recorder, activities, pools, queues, sockets, streams, empty } = createProgram()
    const context: HookContext = { recorder, activities, pools, queues, sockets, streams, now, seen: () => {} }
    httpClient.start(context)
    undici.start(context)
    const [created, answered] = [channel('http.client.request.created'), channel('http.client.response.finish')]
    const [create, sent, trailers] = [
      channel('undici:request:create'),
      channel('undici:client:sendHeaders'),
      channel('undici:request:trailers'),
    ]
    const socket = new EventEmitter()
    const response = { readableFlowing: true }
    const activity = activities.begin('request', recorder.name('GET'))
    const n = times(plan, 10_000)

    const plain = (): void => {
      const request = new Request()
      request.emit('socket', socket)
      request.emit('close')
    }
    const http = (): void => {
      const request = new Request()
      created.publish({ request })
      request.emit('socket', socket)
      answered.publish({ request, response })
      request.emit('close')
    }
    const fetch = (): void => {
      const request = new Request()
      create.publish({ request })
      sent.publish({ request, socket })
      request.emit('socket', socket)
      trailers.publish({ request })
      request.emit('close')
    }
    const round = (once: () => void): number =>
      activities.run(activity, () => {
        const began = cpuNs()
        for (let i = 0; i < n; i++) {
          if ((i & (EMPTY_EVERY - 1)) === 0) empty()
          once()
        }
        return (cpuNs() - began) / n
      })
    const arms = { none: () => round(plain), http: () => round(http), fetch: () => round(fetch) }
    await interleave(WARM_UP_ROUNDS, arms)
    const result = await interleave(plan.rounds, arms)
    if (activity.holds !== 0) throw new Error('a call was left behind')
    return [
      { id: 'call.http', about: 'a call by http.request', unit: 'ns', samples: difference(result.http, result.none) },
      { id: 'call.undici', about: 'a call by fetch', unit: 'ns', samples: difference(result.fetch, result.none) },
    ]
  },
}
