/** What the tests of queues share: who queued what, and what became of it, as the events say. */
import { InstanceModel } from '@loopscope/collector'
import type { PoolRow } from '@loopscope/collector/protocol'
import type { Activity } from '../program/activity.ts'
import type { Observed } from './observe.ts'

export interface Queued<T> {
  activity: Activity
  result: T
}

export class QueueStory {
  readonly #observed: Observed
  readonly #model: InstanceModel

  constructor(observed: Observed) {
    this.#observed = observed
    const { reader } = observed
    const about = {
      service: 'test',
      pid: 1,
      host: 'host',
      thread: 'main',
      node: '',
      agent: '',
      cwd: '/',
      agentFile: '',
    }
    const identity = { ...about, id: 'one', epoch: 0, startedAt: 0, thresholdMs: 50 }
    this.#model = new InstanceModel(identity, (id) => reader.name(id))
    reader.onEvent = ({ code, id, time, a, b }) => this.#model.apply(code, id, time, a, b)
  }

  /** A request that is not over until the test ends it. */
  begin<T>(name: string, work: () => T): Queued<T> {
    const { activities, recorder } = this.#observed
    const activity = activities.begin('request', recorder.name(name))
    return { activity, result: activities.run(activity, work) }
  }

  /** Of each task of the activity. */
  steps({ activity }: Queued<unknown>): string[] {
    this.#observed.reader.read()
    const leases = [...this.#observed.reader.leases.values()]
    return leases.filter((lease) => lease.activity === activity.id).map(({ steps }) => steps.join(' '))
  }

  /** Of the newest queue. */
  pool(system: string): { limit: number; used: number; pending: number } | undefined {
    this.#observed.reader.read()
    const pool = [...this.#observed.reader.pools.values()].findLast(({ name }) => name.startsWith(`queue ${system} `))
    return pool && { limit: pool.limit, used: pool.used, pending: pool.pending }
  }

  made(system: string): string | undefined {
    return this.#rows(system).at(-1)?.name
  }

  /** The newest queue, as the agent shows it. */
  model(system: string): PoolRow {
    return this.#rows(system).at(-1)!
  }

  tasks() {
    this.#observed.reader.read()
    return this.#model.snapshot(this.#observed.now()).tasks
  }

  background() {
    this.#observed.reader.read()
    return this.#model.snapshot(this.#observed.now()).background
  }

  #rows(system: string): PoolRow[] {
    this.#observed.reader.read()
    return this.#model.snapshot(this.#observed.now()).pools.filter((row) => row.system === system)
  }
}
