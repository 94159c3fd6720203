/** Where a loopscope server answers: an address or a unix socket, and the token to show there. */
import { request, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import { UserError } from '../errors.ts'
import { sanitise, sanitiseDeep } from '../text/sanitise.ts'

export interface Endpoint {
  /** What the screen calls it: `127.0.0.1:9464`, `pid 4711`. */
  label: string
  at: { url: string } | { socketPath: string }
  token?: string
}

export const API = '/api/v1'
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export function streamAddress(endpoint: Endpoint): string {
  if ('socketPath' in endpoint.at) return `ws+unix:${endpoint.at.socketPath}:${API}/stream`
  const url = new URL(endpoint.at.url)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.pathname = `${basePath(url)}${API}/stream`
  return url.href
}

export function authorization(endpoint: Endpoint): Record<string, string> {
  return endpoint.token ? { authorization: `Bearer ${endpoint.token}` } : {}
}

/** Why a server did not do what was asked, and what helps. */
export function refusal(endpoint: Endpoint, status: number): UserError {
  const who = endpoint.label
  if (status === 401) {
    const given = endpoint.token ? 'does not accept this token' : 'wants a token'
    return new UserError(`${who} ${given}`, 'give it with --token or in LOOPSCOPE_TOKEN')
  }
  if (status === 403)
    return new UserError(`${who} refuses this reader (403)`, 'connect by a loopback address or with its token')
  if (status === 404)
    return new UserError(`${who} is not a loopscope server (404)`, 'check the address; the default port is 9464')
  return new UserError(`${who} answered ${status}`, 'look at the log of the process that serves it')
}

/** One GET of the API. `path` begins with a slash. */
export async function fetchJson(endpoint: Endpoint, path: string, timeoutMs: number): Promise<unknown> {
  const answer = await get(endpoint, path, timeoutMs)
  const text = (await body(answer)).toString('utf8')
  if (answer.statusCode !== 200) throw refused(endpoint, answer, text)
  try {
    return sanitiseDeep(JSON.parse(text) as unknown)
  } catch {
    throw new UserError(
      `${endpoint.label} did not answer with JSON`,
      'is it a loopscope server? The default port is 9464',
    )
  }
}

/** A file as it was sent. */
export interface ApiFile {
  endpoint: Endpoint
  /** As the server calls it; without any directory. */
  name: string | undefined
  bytes: Buffer
  headers: IncomingHttpHeaders
}

export async function fetchFile(endpoint: Endpoint, path: string, timeoutMs: number): Promise<ApiFile> {
  const answer = await get(endpoint, path, timeoutMs)
  const bytes = await body(answer)
  if (answer.statusCode !== 200) throw refused(endpoint, answer, bytes.toString('utf8'))
  const name = /filename="(\w[\w.-]*)"/.exec(answer.headers['content-disposition'] ?? '')?.[1]
  return { endpoint, name, bytes, headers: answer.headers }
}

function get(endpoint: Endpoint, path: string, timeoutMs: number): Promise<IncomingMessage> {
  const options: RequestOptions = { headers: authorization(endpoint), timeout: timeoutMs, agent: false }
  return new Promise((resolve, reject) => {
    const outgoing =
      'socketPath' in endpoint.at
        ? request({ ...options, socketPath: endpoint.at.socketPath, path })
        : requestUrl(endpoint.at.url, path, options)
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000}s`)))
    outgoing.on('error', (error) => reject(unreachable(endpoint, error)))
    outgoing.on('response', resolve)
    outgoing.end()
  })
}

function requestUrl(base: string, path: string, options: RequestOptions) {
  const url = new URL(base)
  const target = new URL(`${basePath(url)}${path}`, url)
  return target.protocol === 'https:' ? secureRequest(target, options) : request(target, options)
}

function basePath(url: URL): string {
  return url.pathname.replace(/\/+$/, '')
}

export function unreachable(endpoint: Endpoint, error: Error): UserError {
  const reason = sanitise(error.message || ('code' in error ? String(error.code) : 'connection failed'))
  return new UserError(
    `cannot reach ${endpoint.label}: ${reason}`,
    'is the program running with: node --import @loopscope/agent ?',
  )
}

async function body(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MAX_ANSWER_BYTES) throw new UserError('the answer is larger than 64 MB', 'ask for less with --limit')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** The API says what is wrong as `{ error: { code, message, remedy } }`. */
function refused(endpoint: Endpoint, { statusCode = 0 }: IncomingMessage, text: string): UserError {
  const error = refusal(endpoint, statusCode)
  if (![400, 404, 409].includes(statusCode)) return error
  try {
    const { code, message, remedy } = (JSON.parse(text) as { error: Record<string, unknown> }).error
    if (code === 'path-unknown') {
      return new UserError(`${endpoint.label} does not know this`, 'it runs an older version of loopscope: update it')
    }
    if (typeof message === 'string' && typeof remedy === 'string') {
      return new UserError(sanitise(message), sanitise(remedy))
    }
  } catch {
    // Not from this API: the status says enough.
  }
  return error
}
