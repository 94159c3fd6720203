/**
 * Calls to other servers, one pool row for each host: a call is a lease from its beginning to the end of its answer. It waits
 * for the pool until a connection is there, from then on for the host (`http`). Used and pending are counted here; a
 * connection that no call uses is idle. Two clients of one host share the row, its limit is the sum of theirs.
 * Costs five events and three small objects a call.
 */
import { PART } from '@loopscope/collector/protocol'
import type { Lease, Pool, Pools } from '../../program/pools.ts'
import type { HookContext } from '../hook.ts'

/** Hosts beyond this share one row: a program may call any number of them. */
export const MAX_HOSTS = 100
export const OTHER_HOSTS = 'other hosts'

export interface Host {
  readonly pool: Pool
  /** Name id: what its calls wait on. */
  readonly waitable: number
  used: number
  pending: number
  sockets: number
  limit: number
  /** The clients whose limits are in it. */
  readonly clients: WeakSet<object>
  limits: { client: WeakRef<object>; limit: number }[]
}

export interface Call {
  readonly host: Host
  readonly lease: Lease
  isTaken: boolean
  isOver: boolean
  /** When it had its connection, and ms from then to the head of the answer; 0 until they are known. */
  taken: number
  firstByte: number
}

interface Closing {
  once(event: 'close', listener: () => void): unknown
}

/** On the socket itself: a WeakMap costs more than all the rest. */
const HOST = Symbol('loopscope.host')
type Socket = Closing & { [HOST]?: Host | undefined }

export class Calls {
  /** Run now and then while a call waits for its connection. */
  readonly sweeps: (() => void)[] = []
  readonly #context: HookContext
  readonly #pools: Pools
  readonly #system: string
  readonly #hosts = new Map<string, Host>()

  constructor(context: HookContext, system: 'http' | 'undici') {
    this.#context = context
    this.#pools = context.pools
    this.#system = system
  }

  /** `name`: host and port, never a path or a user. `limit`: how many connections this client may have to it. */
  host(name: string, client?: object, limit = Infinity): Host {
    const host = this.#hosts.get(name) ?? this.#create(name, client === undefined ? Infinity : limit)
    if (limit === Infinity || client === undefined) this.#resize(host, Infinity)
    else if (host.limit !== Infinity && !host.clients.has(client)) {
      host.clients.add(client)
      host.limits = host.limits.filter((each) => each.client.deref() !== undefined)
      host.limits.push({ client: new WeakRef(client), limit })
      this.#resize(
        host,
        host.limits.reduce((sum, each) => sum + each.limit, 0),
      )
    }
    return host
  }

  /** The host of an earlier call. */
  known(name: string): Host | undefined {
    return this.#hosts.get(name) ?? this.#hosts.get(OTHER_HOSTS)
  }

  #create(name: string, limit: number): Host {
    if (this.#hosts.size >= MAX_HOSTS && name !== OTHER_HOSTS) return this.host(OTHER_HOSTS)
    const state = (): { used: number; idle: number; pending: number } => {
      if (host.pending > 0) for (const sweep of this.sweeps) sweep()
      return { used: host.used, idle: Math.max(0, host.sockets - host.used), pending: host.pending }
    }
    const host: Host = {
      pool: this.#pools.create('http-client', this.#system, name, limit, state),
      waitable: this.#context.recorder.name(`http${PART}${name}`),
      used: 0,
      pending: 0,
      sockets: 0,
      limit,
      clients: new WeakSet(),
      limits: [],
    }
    this.#hosts.set(name, host)
    return host
  }

  #resize(host: Host, limit: number): void {
    if (host.limit === limit) return
    host.limit = limit
    this.#pools.resize(host.pool, limit)
  }

  /** On behalf of the current activity. `below` and `depth`: where to look for the line that calls. */
  ask(host: Host, below: (...args: never[]) => unknown, depth?: number): Call {
    const lease = this.#pools.ask(host.pool, below, depth)
    host.pending++
    return { host, lease, isTaken: false, isOver: false, taken: 0, firstByte: 0 }
  }

  /** It has a connection. A request that is sent a second time keeps its first. */
  take(call: Call): void {
    if (call.isTaken || call.isOver) return
    const { host, lease } = call
    call.isTaken = true
    host.pending--
    host.used++
    call.taken = this.#pools.take(lease, host.waitable)
  }

  /** The head of the answer is there. Told at the end of the call, by the event that there is anyhow: it costs a clock reading. */
  head(call: Call): void {
    if (call.isTaken && call.firstByte === 0) call.firstByte = this.#context.now() - call.taken
  }

  end(call: Call, failed: boolean, timedOut = false): void {
    if (call.isOver) return
    call.isOver = true
    const { host, lease } = call
    if (!call.isTaken) {
      host.pending--
      this.#pools.fail(lease, timedOut)
      return
    }
    host.used--
    this.#pools.giveBack(lease, failed, call.firstByte)
  }

  /** A new connection to the host stands. */
  connected(host: Host, since: number): void {
    this.#pools.connected(host.pool, since)
  }

  /** A connection to the host, counted until it closes. */
  connection(host: Host, socket: Socket): void {
    if (socket[HOST] !== undefined) return
    socket[HOST] = host
    host.sockets++
    socket.once('close', () => this.detach(socket))
  }

  /** The connection is no longer one for calls: closed, or upgraded. */
  detach(socket: Socket): void {
    const host = socket[HOST]
    if (host === undefined) return
    socket[HOST] = undefined
    host.sockets--
  }
}

const TIMEOUTS = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])

/** Reads what Node and undici make; an error of the program's own is not asked. */
export function isTimeout(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === 'TimeoutError'
  if (!(error instanceof Error)) return false
  const code: unknown = Object.getOwnPropertyDescriptor(error, 'code')?.value
  return typeof code === 'string' && TIMEOUTS.has(code)
}
