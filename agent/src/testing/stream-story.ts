/** What the tests of streams share: a model on the events, and what its tables say of a route. */
import { InstanceModel } from '@loopscope/collector'
import type { InstanceSnapshot, RouteRow, StreamRow, TaskRow } from '@loopscope/collector/protocol'
import type { Observed } from './observe.ts'

const ABOUT = { service: 'test', pid: 1, host: 'host', thread: 'main', node: '', agent: '', cwd: '/', agentFile: '' }

export class StreamStory {
  readonly #observed: Observed
  readonly #model: InstanceModel

  constructor(observed: Observed) {
    this.#observed = observed
    const { reader } = observed
    const identity = { ...ABOUT, id: 'one', epoch: 0, startedAt: 0, thresholdMs: 50 }
    this.#model = new InstanceModel(identity, (id) => reader.name(id))
    reader.onEvent = ({ code, id, time, a, b }) => this.#model.apply(code, id, time, a, b)
  }

  snapshot(): InstanceSnapshot {
    this.#observed.reader.read()
    return this.#model.snapshot(this.#observed.now())
  }

  row(route: string): StreamRow | undefined {
    return this.snapshot().streams.find((row) => row.route === route)
  }

  route(route: string): RouteRow | undefined {
    return this.snapshot().routes.find((row) => row.route === route)
  }

  task(route: string): TaskRow | undefined {
    return this.snapshot().tasks.find((row) => row.name === route)
  }
}
