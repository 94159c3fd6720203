/**
 * Who may ask. A server on loopback is reachable for every page in the user's browser: by DNS rebinding (then `Host` is
 * a foreign name) or across origins (then `Origin` or `Sec-Fetch-Site` says so). Anywhere else a token is required.
 */
import { timingSafeEqual, createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback } from './listen-address.ts'
import { refusal, type Refusal } from './errors.ts'

/** Where a request came in. A unix socket is guarded by its file mode: no Host to check, and no token. */
export type Door = { kind: 'unix' } | { kind: 'tcp'; address: string }

export interface GuardOptions {
  door: Door
  token: string | undefined
}

export function checkRequest(request: IncomingMessage, door: Door): Refusal | null {
  return checkHost(request, door) ?? checkOrigin(request)
}

function checkHost({ headers }: IncomingMessage, door: Door): Refusal | null {
  // Beyond loopback every request carries the token, which a foreign page does not have; the names under which such a
  // machine is scraped cannot be known here.
  if (door.kind === 'unix' || !isLoopback(door.address)) return null
  const host = hostname(headers.host)
  if (host !== null && (isLoopback(host) || host === door.address)) return null
  return refusal(
    403,
    'host-not-allowed',
    `the Host header ${JSON.stringify(headers.host ?? '')} does not name this server`,
    `ask for localhost or ${door.address}, or listen on an address of the network, with a token`,
  )
}

function checkOrigin({ headers }: IncomingMessage): Refusal | null {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  const foreign =
    origin !== undefined
      ? originHost(origin) !== host?.toLowerCase()
      : // A page can also ask without an Origin (an image, a script); following a link is no harm.
        (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate'
  if (!foreign) return null
  return refusal(
    403,
    'origin-not-allowed',
    'pages of other origins may not read this server',
    'open its address itself',
  )
}

/** `byQuery`: browsers cannot set headers on a WebSocket, so its token may be in the address. */
export function checkToken(
  request: IncomingMessage,
  { door, token }: GuardOptions,
  byQuery: string | null,
): Refusal | null {
  if (token === undefined || door.kind === 'unix') return null
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? byQuery
  if (given !== null && given !== undefined && sameToken(given, token)) return null
  return {
    ...refusal(
      401,
      given === null || given === undefined ? 'token-missing' : 'token-wrong',
      given === null || given === undefined ? 'this server asks for a token' : 'this is not the token of this server',
      'send "Authorization: Bearer <LOOPSCOPE_TOKEN>"',
    ),
    headers: { 'www-authenticate': 'Bearer realm="loopscope"' },
  }
}

/** In constant time; the hash makes both sides equally long. */
export function sameToken(given: string, token: string): boolean {
  const hash = (value: string) => createHash('sha256').update(value).digest()
  return timingSafeEqual(hash(given), hash(token))
}

/** The name in a Host header, without its port and brackets; any port, since it may be forwarded. */
function hostname(host: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(host ?? '')
  return match ? (match[1] ?? match[2]!).toLowerCase() : null
}

function originHost(origin: string): string | null {
  return /^https?:\/\/([^/@\s]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null
}
