/** One request, to a program or to its agent. */
import { Agent, request } from 'node:http'

export type Where = { port: number } | { socketPath: string }

const TIMEOUT_MS = 20_000
const keepAlive = new Agent({ keepAlive: true })

export function ask(where: Where, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', ...where, path, agent: keepAlive }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body)
        else reject(new Error(`${path}: ${response.statusCode} ${body.slice(0, 300)}`))
      })
    })
    asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error(`${path}: no answer within ${TIMEOUT_MS / 1000} s`)))
    asked.on('error', reject)
    asked.end()
  })
}

/** On the same clock as the programs: unix ms with fractions. */
export function unixNow(): number {
  return performance.timeOrigin + performance.now()
}
