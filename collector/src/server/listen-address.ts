/** What LOOPSCOPE_LISTEN says. */
import { isIP } from 'node:net'
import { ServerError } from './errors.ts'

export type ListenAddress = { kind: 'tcp'; host: string; port: number } | { kind: 'off' } | { kind: 'unix' }

const REMEDY = 'write host:port, as in 127.0.0.1:9464 or [::1]:9464, or off, or unix'

/** @throws {ServerError} if it is none of `host:port`, `off`, `unix`. */
export function parseListenAddress(listen: string): ListenAddress {
  const value = listen.trim()
  if (value === 'off' || value === 'unix') return { kind: value }
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(value)
  const port = Number(match?.[3])
  if (!match || !(port <= 65535)) {
    throw new ServerError('listen-invalid', `cannot listen on ${JSON.stringify(listen)}`, REMEDY)
  }
  const host = (match[1] ?? match[2]!).toLowerCase()
  if (match[1] !== undefined && isIP(host) !== 6) {
    throw new ServerError('listen-invalid', `[${host}] is no IPv6 address`, REMEDY)
  }
  // Not looked up: a lookup takes a thread of the pool that the program may have filled.
  return { kind: 'tcp', host: host === 'localhost' ? '127.0.0.1' : host, port }
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^::ffff:/, '')
  if (name === 'localhost' || name === '::1') return true
  return isIP(name) === 4 && name.startsWith('127.')
}

export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** An address that a person on this machine can open. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${isIP(name) === 6 ? `[${name}]` : name}:${port}`
}
