/** From what a person names (an address, a pid, a service, or nothing) to the endpoints that are meant. */
import { hostname } from 'node:os'
import { UserError } from '../errors.ts'
import { fetchJson, type Endpoint } from './endpoint.ts'
import { localSockets, type LocalSocket } from './local.ts'

export interface TargetOptions {
  token?: string
  /** Where the sockets of local processes are (socketDirectory()). */
  directory: string
  timeoutMs: number
}

export interface Resolved {
  endpoints: Endpoint[]
  /** Show this instance only (the target was the pid of one that answers through another process). */
  instance?: string
}

export const DEFAULT_PORT = 9464

/** An address is told by its form alone; anything else is looked for among the local processes. */
export function addressOf(target: string): string | null {
  const url = /^(https?|wss?):\/\//i.exec(target)
  if (url) {
    if (!URL.canParse(target))
      throw new UserError(`"${target}" is not a valid address`, 'write it as http://127.0.0.1:9464')
    return target.replace(/^ws/i, 'http').replace(/\/api\/v1\/stream\/?$/, '')
  }
  const port = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]*):(\d{1,5})$/i.exec(target)
  if (!port) return null
  if (Number(port[2]) > 65535) throw new UserError(`there is no port ${port[2]}`, 'ports go from 1 to 65535')
  return `http://${port[1] || '127.0.0.1'}:${port[2]}`
}

export async function resolveTarget(target: string | undefined, options: TargetOptions): Promise<Resolved> {
  const address = target === undefined ? null : addressOf(target)
  if (address !== null)
    return { endpoints: [withToken({ label: new URL(address).host, at: { url: address } }, options)] }
  const sockets = localSockets(options.directory)
  if (target !== undefined && /^[1-9]\d*$/.test(target)) return byPid(Number(target), sockets, options)
  const answering = await askAll(sockets, options)
  if (target === undefined) {
    if (answering.length > 0) return { endpoints: answering.map((found) => found.endpoint) }
    throw new UserError(
      'no local process with loopscope is running',
      'start one with: node --import @loopscope/agent server.js  (or: loopscope run -- node server.js, or name an address such as 127.0.0.1:9464)',
    )
  }
  const named = answering.filter((found) => found.instances.some((instance) => instance.service === target))
  if (named.length > 0) return { endpoints: named.map((found) => found.endpoint) }
  const names = [...new Set(answering.flatMap((found) => found.instances.map((instance) => instance.service)))]
  throw new UserError(
    `no local process is called "${target}"`,
    names.length > 0
      ? `there are: ${names.join(', ')}`
      : 'no local process with loopscope is running; an address looks like 127.0.0.1:9464',
  )
}

export function socketEndpoint(socket: LocalSocket, options: Pick<TargetOptions, 'token'>): Endpoint {
  return withToken({ label: `pid ${socket.pid}`, at: { socketPath: socket.path } }, options)
}

async function byPid(pid: number, sockets: LocalSocket[], options: TargetOptions): Promise<Resolved> {
  const own = sockets.find((socket) => socket.pid === pid)
  if (own) return { endpoints: [socketEndpoint(own, options)] }
  // A cluster worker answers through its parent.
  for (const { endpoint, instances } of await askAll(sockets, options)) {
    const found = instances.find((instance) => instance.pid === pid && instance.host === hostname())
    if (found) return { endpoints: [endpoint], instance: found.id }
  }
  const pids = sockets.map((socket) => socket.pid)
  throw new UserError(
    `process ${pid} does not run with loopscope`,
    pids.length > 0 ? `these do: ${pids.join(', ')}` : 'start it with: node --import @loopscope/agent server.js',
  )
}

interface Known {
  id: string
  service: string
  pid: number
  host: string
}

/** The sockets behind which somebody answers. One that does not is left over from a killed process, or not ours. */
async function askAll(
  sockets: LocalSocket[],
  options: TargetOptions,
): Promise<{ endpoint: Endpoint; instances: Known[] }[]> {
  const asked = sockets.map(async (socket) => {
    const endpoint = socketEndpoint(socket, options)
    const answer = (await fetchJson(endpoint, '/api/v1/instances', options.timeoutMs)) as { items?: Known[] }
    return { endpoint, instances: Array.isArray(answer.items) ? answer.items : [] }
  })
  const settled = await Promise.allSettled(asked)
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

function withToken(endpoint: Endpoint, options: Pick<TargetOptions, 'token'>): Endpoint {
  return options.token ? { ...endpoint, token: options.token } : endpoint
}
