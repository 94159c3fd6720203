/** `/api/v1/hot` and `/api/v1/stacks`: what the samples of a window say, as rows and as stacks. */
import { ofRoute } from '../model/profile.ts'
import type { Endpoint, EndpointOptions } from './endpoint.ts'
import { refusal } from './errors.ts'
import { groupHot } from './hot.ts'
import { readQuery, SELECTION_PARAMETERS } from './query.ts'
import { json } from './respond.ts'

export type SampleOptions = Pick<EndpointOptions, 'collector' | 'now'>

export const DEFAULT_LAST_SECONDS = 60

/** Without a window the rows of the last minute, those of other processes too. */
export function hotEndpoint({ collector, now }: SampleOptions): Endpoint {
  return ({ parameters }) => {
    const query = readQuery(parameters, [...SELECTION_PARAMETERS, 'by', 'last'])
    if ('status' in query) return query
    const { by, last, limit, instance } = query
    if (last !== undefined && query.since !== undefined) {
      return refusal(400, 'parameter-conflict', 'last and since are both a begin', 'give one of them')
    }
    const at = now()
    const since = last === undefined ? query.since : at - last * 1000
    const { items, elsewhere } =
      since === undefined
        ? { items: collector.tables(at, { instance }).hot, elsewhere: [] }
        : collector.hotSince(at, since, instance)
    // The limit counts groups, so it comes after the grouping.
    const rows = by === undefined ? items.sort((a, b) => b.time - a.time) : groupHot(items, by)
    return json({ now: at, items: rows.slice(0, limit), ...(elsewhere.length === 0 ? {} : { elsewhere }) })
  }
}

/** What a flame graph is drawn from. */
export function stacksEndpoint({ collector, now }: SampleOptions): Endpoint {
  return ({ parameters }) => {
    const query = readQuery(parameters, ['last', 'instance', 'route'])
    if ('status' in query) return query
    const { last = DEFAULT_LAST_SECONDS, instance, route } = query
    const at = now()
    const { items, elsewhere } = collector.profilesSince(at, at - last * 1000, instance)
    const rows = items.map((profile) => {
      const { timeline: _timeline, ...row } = route === undefined ? profile : ofRoute(profile, routeNamed(route))
      return row
    })
    return json({ now: at, items: rows, ...(elsewhere.length === 0 ? {} : { elsewhere }) })
  }
}

/** The tables show `-` for what runs in no request. */
export function routeNamed(route: string): string | null {
  return route === '-' ? null : route
}
