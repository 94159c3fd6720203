/** The other side: the worker takes events out of the ring and applies them to the model. */
import { InstanceModel } from '@loopscope/collector'
import { CAPTURE, EVENT, PART } from '@loopscope/collector/protocol'
import { frameName } from '../../src/program/site.ts'
import { Reader } from '../../src/worker/reader.ts'
import { cpuNs, times, type Figure, type MicroBench, type Plan } from '../support/micro.ts'
import { createProgram, type Program } from './program.ts'

const WARM_UP_ROUNDS = 6
const IN_FLIGHT = 32
const REQUEST_EVERY_MS = 0.1
const STATUS = 200
/** Requests of one round: what fits into the ring with all their events. */
const REQUESTS = 3000

interface Mix {
  id: string
  about: string
  isBusy: boolean
}

class Traffic {
  readonly #program: Program
  readonly #isBusy: boolean
  readonly #methods: number[]
  readonly #routes: number[]
  readonly #frames: number[]
  readonly #query: number
  #id = 1
  #lease = 1_000_000_000
  #time = 1000
  #events = 0

  constructor(program: Program, isBusy: boolean) {
    const { recorder } = program
    this.#program = program
    this.#isBusy = isBusy
    this.#methods = ['GET', 'POST'].map((method) => recorder.name(method))
    this.#routes = Array.from({ length: 20 }, (_, n) => recorder.name(`/api/things/:id/parts/${n}`))
    this.#frames = Array.from({ length: 12 }, (_, n) =>
      recorder.name(frameName(`step${n}`, `/srv/app/src/file${n}.js`, 10 + n, 5, false)),
    )
    this.#query = recorder.name(['db', 'postgresql main'].join(PART))
    this.#record(EVENT.pool, 1, recorder.name(['db', 'postgresql', 'main'].join(PART)), 10)
  }

  /** Records the life of so many requests; returns how many events that were. */
  fill(requests: number): number {
    this.#events = 0
    for (let i = 0; i < requests; i++) {
      const id = this.#id++
      this.#time += REQUEST_EVERY_MS
      this.#record(EVENT.begin, id, this.#methods[id % 2]!, 0)
      this.#record(EVENT.route, id, this.#routes[id % 20]!, 0)
      if (this.#isBusy) this.#work(id)
      if (id > IN_FLIGHT) this.#record(EVENT.end, id - IN_FLIGHT, 0, STATUS)
    }
    return this.#events
  }

  /** A slot of a pool and a query for every request; now and then a long turn, a sample. */
  #work(id: number): void {
    const lease = this.#lease++
    this.#record(EVENT.poolAsk, lease, 1, id)
    this.#record(EVENT.poolTake, lease, 0, 0)
    this.#record(EVENT.wait, id, id, this.#query)
    this.#record(EVENT.resume, id, 0, 0)
    this.#record(EVENT.poolRelease, lease, 0, 0)
    if (id % 200 === 0) this.#record(EVENT.turn, id, 6, 0)
    if (id % 500 !== 0) return
    const [a, b, c, d, ...rest] = this.#frames
    this.#record(EVENT.capture, id, id, CAPTURE.sample + 4 * 12)
    for (const [f0, f1, f2, f3] of [[a, b, c, d], rest.slice(0, 4), rest.slice(4)]) {
      this.#program.recorder.record(EVENT.frames, f0!, f1!, f2!, f3!)
      this.#events++
    }
  }

  #record(kind: number, id: number, a: number, b: number): void {
    this.#program.recorder.record(kind, id, this.#time, a, b)
    this.#events++
  }
}

function measure(plan: Plan, { id, about, isBusy }: Mix): Figure[] {
  const program = createProgram()
  const reader = new Reader(program.channel)
  const model = new InstanceModel(
    {
      id: '1',
      service: 'bench',
      pid: 1,
      host: 'bench',
      thread: 'main',
      node: process.versions.node,
      agent: '0',
      cwd: '/srv/app',
      agentFile: '/srv/app/agent.js',
      epoch: 0,
      startedAt: 0,
      thresholdMs: 50,
    },
    reader.name,
  )
  const apply = model.apply.bind(model)
  const traffic = new Traffic(program, isBusy)
  const requests = times(plan, REQUESTS)
  const perEvent: number[] = []
  const perRequest: number[] = []
  for (let round = -WARM_UP_ROUNDS; round < plan.rounds; round++) {
    const events = traffic.fill(requests)
    const began = cpuNs()
    while (reader.drain(apply));
    const took = cpuNs() - began
    if (round < 0) continue
    perEvent.push(took / events)
    perRequest.push(took / requests)
  }
  return [
    { id: `worker.event.${id}`, about: `an event read and applied (${about})`, unit: 'ns', samples: perEvent },
    { id: `worker.request.${id}`, about: `a request on the worker (${about})`, unit: 'ns', samples: perRequest },
  ]
}

export const worker: MicroBench = {
  name: 'worker',
  run(plan) {
    return [
      ...measure(plan, { id: 'plain', about: 'begin, route, end', isBusy: false }),
      ...measure(plan, { id: 'busy', about: 'with a pool, a query, samples', isBusy: true }),
    ]
  },
}
