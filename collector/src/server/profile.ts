/**
 * `/api/v1/profile`: what was sampled, as a file for other tools. A full quarter of an hour (18,000 samples of 600 stacks) takes
 * the worker 15 to 70 ms, once for each time that somebody asks; meanwhile the watchdog waits.
 */
import { ofRoute, type Profile } from '../model/profile.ts'
import { formatOf } from '../profile/formats.ts'
import type { Elsewhere } from '../protocol/index.ts'
import type { Endpoint } from './endpoint.ts'
import { refusal, type Refusal } from './errors.ts'
import { readQuery } from './query.ts'
import { DEFAULT_LAST_SECONDS, routeNamed, type SampleOptions } from './samples.ts'

export function profileEndpoint({ collector, now }: SampleOptions): Endpoint {
  return async ({ parameters }) => {
    const query = readQuery(parameters, ['last', 'instance', 'route', 'format'])
    if ('status' in query) return query
    const { last = DEFAULT_LAST_SECONDS, instance, route, format: name = 'speedscope' } = query
    const format = formatOf(name)
    const at = now()
    const { items, elsewhere } = collector.profilesSince(at, at - last * 1000, instance)
    const [first, ...others] =
      route === undefined ? items : items.map((one) => ofRoute(one, routeNamed(route))).filter(hasSamples)
    if (first === undefined) return nothing(last, route, instance, items, elsewhere)
    if (format.single && others.length > 0) {
      const ids = [first, ...others].map((profile) => profile.instance).join(', ')
      const message = `a ${name} holds one thread, and ${ids} have samples`
      return refusal(409, 'several-instances', message, 'name one with instance=')
    }
    const profiles = [first, ...others] as const
    const sum = (key: 'samples' | 'busy') => Math.round(profiles.reduce((total, profile) => total + profile[key], 0))
    return {
      contentType: format.contentType,
      body: await format.write(profiles),
      headers: {
        'content-disposition': `attachment; filename="${fileName(first, last, at)}${format.ending}"`,
        // What is in it, for who does not read the format.
        'x-loopscope-samples': String(sum('samples')),
        'x-loopscope-busy-ms': String(sum('busy')),
      },
    }
  }
}

function hasSamples({ samples }: Profile): boolean {
  return samples > 0
}

function nothing(
  last: number,
  route: string | undefined,
  instance: string | undefined,
  items: Profile[],
  elsewhere: Elsewhere[],
): Refusal {
  const [other] = elsewhere
  if (other !== undefined && (instance !== undefined || items.length === 0)) {
    const where = other.url === undefined ? `process ${other.pid} on ${other.host}` : `${other.url} on ${other.host}`
    return refusal(409, 'samples-elsewhere', `the samples of ${other.instance} are in its own process`, `ask ${where}`)
  }
  if (items.length > 0) {
    const routes = [...new Set(items.flatMap((profile) => profile.stacks.map((stack) => stack.route ?? '-')))]
    const there = routes.slice(0, 10).join(', ') + (routes.length > 10 ? ' ...' : '')
    return refusal(404, 'no-samples', `no sample of the last ${last} s is of ${route}`, `there are: ${there}`)
  }
  const remedy = 'put load on the program, or ask for a longer time: only a loop that is busy is sampled'
  return refusal(404, 'no-samples', `there is no sample of the last ${last} s`, remedy)
}

/** loopscope-shop-api-4242-20260102T030405Z-300s: what is in it, safe for every file system and for a header. */
function fileName({ service, pid }: Profile, last: number, at: number): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  return `loopscope-${service.replace(/[^\w.-]+/g, '-')}-${pid}-${time}-${last}s`
}
