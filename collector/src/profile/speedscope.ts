/**
 * speedscope's file format (https://www.speedscope.app/file-format-schema.json): one profile of all samples in the order of
 * their time, and one for each route. Idle time is left out: the axis is time in which the loop was held.
 */
import { ofRoute, type Profile } from '../model/profile.ts'
import { frameName } from './frame-name.ts'
import { nameOf } from './name.ts'

const SCHEMA = 'https://www.speedscope.app/file-format-schema.json'
/** Routes with profiles of their own, for each instance. */
const MAX_ROUTES = 12

interface SampledProfile {
  type: 'sampled'
  name: string
  unit: 'milliseconds'
  startValue: 0
  endValue: number
  samples: number[][]
  weights: number[]
}

export function speedscope(profiles: readonly Profile[]): string {
  const frames: { name: string; file?: string; line?: number; col?: number }[] = []
  const written: SampledProfile[] = []
  for (const profile of profiles) {
    const first = frames.length
    for (const frame of profile.frames) {
      const { file, line, column: col } = frame
      frames.push({ name: frameName(frame), ...(file === '' ? {} : { file, line, col }) })
    }
    const routes = routesOf(profile)
    written.push(sampled(profile, nameOf(profile), first))
    if (routes.length < 2) continue
    for (const route of routes.slice(0, MAX_ROUTES)) {
      written.push(sampled(ofRoute(profile, route), `${nameOf(profile)}: ${route ?? 'outside of requests'}`, first))
    }
  }
  return JSON.stringify({
    $schema: SCHEMA,
    exporter: 'loopscope',
    name: written[0]?.name ?? 'loopscope',
    activeProfileIndex: 0,
    shared: { frames },
    profiles: written,
  })
}

function sampled(profile: Profile, name: string, firstFrame: number): SampledProfile {
  const stacks = profile.stacks.map((stack) => stack.frames.map((frame) => firstFrame + frame))
  const weights = profile.timeline.time.map(micros)
  return {
    type: 'sampled',
    name,
    unit: 'milliseconds',
    startValue: 0,
    endValue: micros(weights.reduce((sum, weight) => sum + weight, 0)),
    samples: profile.timeline.stack.map((place) => stacks[place]!),
    weights,
  }
}

/** Three digits after the point are enough, and keep the file small. */
function micros(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

/** Most time first. */
function routesOf({ stacks }: Profile): (string | null)[] {
  const times = new Map<string | null, number>()
  for (const { route, time } of stacks) times.set(route, (times.get(route) ?? 0) + time)
  return [...times].sort((a, b) => b[1] - a[1]).map(([route]) => route)
}
