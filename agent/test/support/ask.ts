/** One request to the agent or to a program, on a connection of its own. */
import { request } from 'node:http'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
  /** How long it took. */
  ms: number
}

export type Where = { socketPath: string } | { port: number; host?: string }

export function ask(
  where: Where,
  path: string,
  headers: Record<string, string> = {},
  timeoutMs = 15_000,
): Promise<Answer> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', ...where, path, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body, ms: performance.now() - began })
      })
    })
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error(`${path}: no answer within ${timeoutMs} ms`)))
    asked.on('error', reject)
    asked.end()
  })
}
