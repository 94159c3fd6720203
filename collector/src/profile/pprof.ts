/**
 * pprof's format (github.com/google/pprof/blob/main/proto/profile.proto), gzipped: samples and ns of the loop, labelled with
 * route and instance: `go tool pprof -tagroot=route`, `-tagfocus`; Pyroscope and others take the same file.
 */
import { gzipSync } from 'node:zlib'
import type { Profile } from '../model/profile.ts'
import { fileUrl, frameName } from './frame-name.ts'

/** The sampler's mean interval at full rate, in ns. */
const PERIOD_NS = 50_000_000

export async function pprof(profiles: readonly Profile[]): Promise<Uint8Array> {
  // Loaded when it is first asked for: most workers never are.
  const { Function, Label, Line, Location, Profile, Sample, StringTable, ValueType } = await import('pprof-format')
  const strings = new StringTable()
  const text = (value: string): number => strings.dedup(value)
  const value = (type: string, unit: string) => new ValueType({ type: text(type), unit: text(unit) })
  const functions = new Map<string, InstanceType<typeof Function>>()
  const locations: InstanceType<typeof Location>[] = []
  const samples: InstanceType<typeof Sample>[] = []

  const functionId = (name: string, filename: string): number => {
    const key = `${name}\0${filename}`
    let known = functions.get(key)
    if (!known) {
      const id = functions.size + 1
      known = new Function({ id, name: text(name), systemName: text(name), filename: text(filename) })
      functions.set(key, known)
    }
    return Number(known.id)
  }

  for (const { instance, cwd, frames, stacks } of profiles) {
    const first = locations.length + 1
    for (const frame of frames) {
      const { line, column } = frame
      const id = functionId(frameName(frame), pathOf(fileUrl(frame.file, cwd)))
      locations.push(new Location({ id: locations.length + 1, line: [new Line({ functionId: id, line, column })] }))
    }
    const instanceLabel = new Label({ key: text('instance'), str: text(instance) })
    for (const { frames: stack, route, samples: count, time } of stacks) {
      const label = [instanceLabel]
      if (route !== null) label.push(new Label({ key: text('route'), str: text(route) }))
      // The innermost first, as everywhere in pprof.
      const locationId = stack.map((frame) => first + frame).reverse()
      samples.push(new Sample({ locationId, value: [count, Math.round(time * 1e6)], label }))
    }
  }

  const since = Math.min(...profiles.map((profile) => profile.since))
  const until = Math.max(...profiles.map((profile) => profile.until))
  const profile = new Profile({
    sampleType: [value('samples', 'count'), value('loop', 'nanoseconds')],
    sample: samples,
    location: locations,
    function: [...functions.values()],
    timeNanos: BigInt(Math.round(since)) * 1_000_000n,
    durationNanos: BigInt(Math.max(0, Math.round(until - since))) * 1_000_000n,
    periodType: value('loop', 'nanoseconds'),
    period: PERIOD_NS,
    defaultSampleType: text('loop'),
    stringTable: strings,
  })
  // Here and not in libuv's thread pool: the program may have filled it. The fastest level takes a few ms.
  return gzipSync(profile.encode(), { level: 1 })
}

/** pprof looks for sources by path. */
function pathOf(url: string): string {
  return url.startsWith('file://') ? decodeURIComponent(url.slice('file://'.length)) : url
}
