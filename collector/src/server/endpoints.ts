/** What each path answers. */
import { exposition } from '../metrics/prometheus.ts'
import { families } from '../metrics/families.ts'
import { TABLES, type TableName } from '../protocol/index.ts'
import type { Endpoint, EndpointOptions } from './endpoint.ts'
import { profileEndpoint } from './profile.ts'
import { readQuery, SELECTION_PARAMETERS } from './query.ts'
import { json } from './respond.ts'
import { hotEndpoint, stacksEndpoint } from './samples.ts'

/** The two paths that are WebSockets. */
export const STREAM_PATH = '/api/v1/stream'
export const FRAMES_PATH = '/api/v1/frames'
/** Answers without a token: it says no more than that somebody is there. */
export const HEALTH_PATH = '/healthz'

export function createEndpoints(options: EndpointOptions): Map<string, Endpoint> {
  const { collector, now, version, extra } = options
  const endpoints = new Map<string, Endpoint>()
  endpoints.set('/', () =>
    json({ name: 'loopscope', version, paths: [...endpoints.keys(), STREAM_PATH, FRAMES_PATH].sort() }),
  )
  endpoints.set(HEALTH_PATH, () => json({ status: 'ok', version }))
  endpoints.set('/metrics', async ({ accept }) => {
    const { contentType, body } = await exposition(families(collector.snapshots(now())), accept)
    return { contentType, body, headers: { vary: 'accept' } }
  })
  for (const name of TABLES) endpoints.set(`/api/v1/${name}`, tableEndpoint(name, options))
  endpoints.set('/api/v1/hot', hotEndpoint(options))
  endpoints.set('/api/v1/stacks', stacksEndpoint(options))
  endpoints.set('/api/v1/profile', profileEndpoint(options))
  for (const [path, endpoint] of Object.entries(extra)) endpoints.set(path, endpoint)
  return endpoints
}

function tableEndpoint(name: TableName, { collector, now }: EndpointOptions): Endpoint {
  return ({ parameters }) => {
    const query = readQuery(parameters, SELECTION_PARAMETERS)
    if ('status' in query) return query
    const at = now()
    return json({ now: at, items: collector.tables(at, query)[name] })
  }
}
