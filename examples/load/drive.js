/**
 * An open loop: requests leave when the clock says so, whether the earlier ones are answered or not, as those of people
 * do. A client that waits for its answers would slow down with the server and hide the trouble.
 */
import { Agent, request } from 'node:http'

const TICK_MS = 10
const REQUEST_TIMEOUT_MS = 15_000
const MAX_IN_FLIGHT = 1000
const DRAIN_MS = 5000

/**
 * @param {{ url: URL, mix: { route: string, perSecond: number, path: (n: number) => string, body?: (n: number) => unknown }[],
 *   seconds: number, signal: AbortSignal, summary: ReturnType<import('./summary.js').createSummary> }} options
 * @returns {Promise<{ seconds: number, skipped: number }>} once the time is over or the signal says so
 */
export async function drive({ url, mix, seconds, signal, summary }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const inFlight = new Set()
  const entries = mix.map((entry, index) => ({ ...entry, sent: 0, phase: firstPhase(entry.perSecond, index) }))
  const start = performance.now()
  let skipped = 0

  const sendWhatIsDue = (elapsedSeconds) => {
    for (const entry of entries) {
      const due = Math.floor(elapsedSeconds * entry.perSecond + entry.phase)
      for (; entry.sent < due; entry.sent++) {
        if (inFlight.size >= MAX_IN_FLIGHT) skipped++
        else launch(entry)
      }
    }
  }
  const launch = (entry) => {
    const { route, sent } = entry
    summary.sent(route)
    const began = performance.now()
    const answer = send(agent, url, entry, sent).then((error) => {
      summary.done(route, performance.now() - began, error)
      inFlight.delete(answer)
    })
    inFlight.add(answer)
  }

  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsed = Math.min(seconds, (performance.now() - start) / 1000)
      sendWhatIsDue(elapsed)
      if (elapsed >= seconds) end()
    }, TICK_MS)
    const end = () => {
      clearInterval(timer)
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
  })
  const lasted = (performance.now() - start) / 1000
  const drained = Promise.all(inFlight)
  await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())])
  agent.destroy()
  await drained
  return { seconds: lasted, skipped }
}

/** The rare ones show up within the first seconds, one after the other: all at once they would make one long block. */
function firstPhase(perSecond, index) {
  return Math.max(0, 1 - perSecond * (0.5 + 0.25 * index))
}

/** Resolves to null, or to why it failed; never rejects. */
function send(agent, url, { route, path, body }, number) {
  const json = body === undefined ? '' : JSON.stringify(body(number))
  const headers = json === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }
  return new Promise((resolve) => {
    const { hostname, port } = url
    const options = { agent, hostname, port, path: path(number), method: route.split(' ')[0], headers }
    const outgoing = request({ ...options, timeout: REQUEST_TIMEOUT_MS }, (response) => {
      response.resume()
      response.on('error', (error) => resolve(error.code ?? error.message))
      response.on('end', () => resolve(response.statusCode < 400 ? null : `status ${response.statusCode}`))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', (error) => resolve(error.code ?? error.message))
    outgoing.end(json)
  })
}
