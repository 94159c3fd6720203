/** The reading side of the channel, for tests: drains the ring and tells the story of each activity, lease and wait. */
import {
  ACTIVITY_KINDS,
  CONTROL,
  EVENT,
  EVENT_SLOTS,
  OUTCOME,
  PART,
  POOL_IDLE,
  RING_CAPACITY,
  type Channel,
  type EventName,
} from '@loopscope/collector/protocol'

const EVENT_NAME = new Map(Object.entries(EVENT).map(([name, code]) => [code as number, name as EventName]))
const OUTCOME_NAME = Object.keys(OUTCOME)

export interface ReadEvent {
  kind: EventName
  code: number
  id: number
  time: number
  a: number
  b: number
}

export interface ReadActivity {
  id: number
  kind: string
  name: string
  /** The id of the one that began it, 0 for none. */
  parent: number
  /** Every route it had, in order. */
  routes: string[]
  ends: { outcome: string; status: number }[]
  outlived: { site: string }[]
  settled: string[]
  waits: { name: string; isOver: boolean }[]
}

export interface ReadLease {
  id: number
  pool: string
  activity: number
  steps: string[]
  site: string
}

/** What was told last of the connections of a library and path. */
export interface ReadSockets {
  opened: number
  closed: number
  oldestSince: number
  slowSince: number
  messagesIn: number
  bytesIn: number
  messagesOut: number
  bytesOut: number
  buffered: number
  slow: number
}

export class ChannelReader {
  readonly activities = new Map<number, ReadActivity>()
  readonly leases = new Map<number, ReadLease>()
  readonly pools = new Map<number, { name: string; limit: number; used: number; idle: number; pending: number }>()
  /** By library and path. */
  readonly sockets = new Map<string, ReadSockets>()
  readonly hooked: { module: string; version: string; how: string; why: string }[] = []
  /** What makes no sense: an activity that ends twice, an event of an unknown one. Empty in every test. */
  readonly problems: string[] = []
  onEvent: ((event: ReadEvent) => void) | undefined
  readonly #channel: Channel
  readonly #names: string[] = ['']
  readonly #waits = new Map<number, { name: string; isOver: boolean }>()
  #nameAt = 0

  constructor(channel: Channel) {
    this.#channel = channel
  }

  name(id: number): string {
    const { control, names } = this.#channel
    while (this.#names.length <= control[CONTROL.names]!) {
      const length = names[this.#nameAt]!
      this.#names.push(String.fromCharCode(...names.subarray(this.#nameAt + 1, this.#nameAt + 1 + length)))
      this.#nameAt += length + 1
    }
    return this.#names[id] ?? `(no name ${id})`
  }

  /** Takes what is in the ring. */
  read(): ReadEvent[] {
    const { control, ring } = this.#channel
    const events: ReadEvent[] = []
    for (let tail = control[CONTROL.tail]!; tail !== control[CONTROL.head]!; tail = (tail + 1) | 0) {
      const at = (tail & (RING_CAPACITY - 1)) * EVENT_SLOTS
      const code = ring[at + 1]!
      const kind = EVENT_NAME.get(code % 256)
      if (kind === undefined) this.problems.push(`event of unknown kind ${code % 256}`)
      else
        events.push({
          kind,
          code: code % 256,
          id: Math.floor(code / 256),
          time: ring[at]!,
          a: ring[at + 2]!,
          b: ring[at + 3]!,
        })
      control[CONTROL.tail] = (tail + 1) | 0
    }
    for (const event of events) {
      this.#apply(event)
      this.onEvent?.(event)
    }
    if (control[CONTROL.dropped]! > 0) this.problems.push(`${control[CONTROL.dropped]!} events dropped`)
    return events
  }

  /** The requests so far, in order. */
  requests(): ReadActivity[] {
    this.read()
    return [...this.activities.values()].filter((activity) => activity.kind === 'request')
  }

  /** Activities that have begun and not ended. */
  live(): ReadActivity[] {
    this.read()
    return [...this.activities.values()].filter((activity) => activity.ends.length === 0)
  }

  #apply({ kind, id, a, b }: ReadEvent): void {
    if (kind === 'begin') {
      const story = { routes: [], ends: [], outlived: [], settled: [], waits: [] }
      const name = this.name(a).split(PART).join(' ')
      const parent = Math.floor(b / 16)
      this.activities.set(id, { id, kind: ACTIVITY_KINDS[b % 16]!, name, parent, ...story })
    } else if (kind === 'route') this.#activity(id)?.routes.push(this.name(a))
    else if (kind === 'end') {
      const activity = this.#activity(id)
      activity?.ends.push({ outcome: OUTCOME_NAME[a]!, status: b })
      if (activity && activity.ends.length > 1) this.problems.push(`activity ${id} ended twice`)
    } else if (kind === 'outlive') this.#activity(id)?.outlived.push({ site: this.name(b) })
    else if (kind === 'settle') this.#activity(id)?.settled.push(OUTCOME_NAME[a]!)
    else if (kind === 'wait') {
      const wait = { name: this.name(b).split(PART).join(' '), isOver: false }
      this.#waits.set(id, wait)
      this.#activity(a)?.waits.push(wait)
    } else if (kind === 'resume') {
      const wait = this.#waits.get(id)
      if (!wait || wait.isOver) this.problems.push(`wait ${id} resumed without a beginning, or twice`)
      else wait.isOver = true
    } else if (kind === 'pool') {
      const known = this.pools.get(id)
      if (known) known.limit = b
      else this.pools.set(id, { name: this.name(a).split(PART).join(' '), limit: b, used: 0, idle: 0, pending: 0 })
    } else if (kind === 'poolState') {
      const said = { used: a % POOL_IDLE, idle: Math.max(0, Math.floor(a / POOL_IDLE)), pending: b }
      Object.assign(this.pools.get(id) ?? {}, said)
    } else if (kind === 'poolAsk') {
      this.leases.set(id, { id, pool: this.pools.get(a)?.name ?? '', activity: b, steps: [], site: '' })
    } else if (kind === 'poolTake') this.#lease(id)?.steps.push('take')
    else if (kind === 'poolRelease') this.#lease(id)?.steps.push('release')
    else if (kind === 'poolFail') this.#lease(id)?.steps.push(a === 1 ? 'timeout' : 'fail')
    else if (kind === 'poolSite') Object.assign(this.#lease(id) ?? {}, { site: this.name(a) })
    else if (kind === 'sockets') Object.assign(this.#socketsOf(id), { opened: a, closed: b })
    else if (kind === 'socketsSince') Object.assign(this.#socketsOf(id), { oldestSince: a, slowSince: b })
    else if (kind === 'socketsIn') Object.assign(this.#socketsOf(id), { messagesIn: a, bytesIn: b })
    else if (kind === 'socketsOut') Object.assign(this.#socketsOf(id), { messagesOut: a, bytesOut: b })
    else if (kind === 'socketsBuffered') Object.assign(this.#socketsOf(id), { buffered: a, slow: b })
    else if (kind === 'hooked') {
      const [module, version, how, why] = this.name(a).split(PART)
      this.hooked.push({ module: module!, version: version!, how: how!, why: why ?? '' })
    }
  }

  #socketsOf(id: number): ReadSockets {
    const name = this.name(id).split(PART).join(' ')
    let known = this.sockets.get(name)
    if (!known) this.sockets.set(name, (known = {} as ReadSockets))
    return known
  }

  #activity(id: number): ReadActivity | undefined {
    const activity = this.activities.get(id)
    if (!activity) this.problems.push(`event of unknown activity ${id}`)
    return activity
  }

  #lease(id: number): ReadLease | undefined {
    const lease = this.leases.get(id)
    if (!lease) this.problems.push(`event of unknown lease ${id}`)
    return lease
  }
}
