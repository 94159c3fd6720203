/** Asks a server and says which route its activity was given. */
import assert from 'node:assert/strict'
import type { RequestListener, Server } from 'node:http'
import { connect } from 'node:net'
import { until, type Observed } from './observe.ts'
import { serve } from './serve.ts'

export interface Answered {
  /** Every route that the request's activity had, in order. */
  routes: string[]
  status: number
  text: string
}

export async function answer(
  { reader }: Observed,
  listener: RequestListener | Server,
  path: string,
  method = 'GET',
): Promise<Answered> {
  const server = await serve(listener)
  try {
    const count = reader.requests().length
    const { status, text } = await server.get(path, method)
    await until('the end of the request', () => reader.requests().length > count && reader.live().length === 0)
    assert.deepEqual(reader.problems, [])
    const { routes, ends } = reader.requests().at(-1)!
    assert.equal(ends[0]!.status, status)
    return { routes, status, text }
  } finally {
    server.close()
  }
}

/** The route of the answer, '' without one. */
export async function routeOf(...question: Parameters<typeof answer>): Promise<string> {
  return (await answer(...question)).routes.at(-1) ?? ''
}

/** All requests at once on one connection; the routes of their activities, in order. */
export async function pipelined(
  { reader }: Observed,
  listener: RequestListener | Server,
  paths: readonly string[],
): Promise<string[]> {
  const server = await serve(listener)
  const socket = connect(server.port, '127.0.0.1').on('error', () => {})
  try {
    const count = reader.requests().length
    socket.resume().write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`).join(''))
    await until(
      `the end of ${paths.length} requests`,
      () => reader.requests().length - count === paths.length && reader.live().length === 0,
    )
    assert.deepEqual(reader.problems, [])
    return reader
      .requests()
      .slice(count)
      .map(({ routes }) => routes.join(' then '))
  } finally {
    socket.destroy()
    server.close()
  }
}
