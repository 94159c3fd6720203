import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { refusalBody, type Refusal } from './errors.ts'

/** Live data about a program: for its reader alone, and not to be kept, guessed at or embedded. No CORS headers, ever. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const

export interface Answer {
  contentType: string
  body: string | Uint8Array
  headers?: Record<string, string>
}

export function respond(response: ServerResponse, { contentType, body, headers }: Answer, status = 200): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    ...HEADERS,
    ...headers,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

const JSON_TYPE = 'application/json; charset=utf-8'

export function json(value: unknown): Answer {
  return { contentType: JSON_TYPE, body: JSON.stringify(value) }
}

export function refuse(response: ServerResponse, refused: Refusal): void {
  respond(
    response,
    {
      contentType: JSON_TYPE,
      body: refusalBody(refused),
      ...(refused.headers && { headers: refused.headers }),
    },
    refused.status,
  )
}

/** For a connection on which there is no request to answer: what came in is not HTTP. */
export function refuseRaw(socket: Duplex, refused: Refusal): void {
  const body = refusalBody(refused)
  const headers = {
    ...HEADERS,
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}\r\n${lines.join('')}\r\n${body}`)
}
