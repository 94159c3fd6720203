/** A window of samples as what others can read: frames by number, stacks outermost first, unix times. */
import type { Frame } from '../protocol/rows.ts'
import type { StacksRow } from '../protocol/stacks.ts'
import type { HotWindow } from './hot.ts'

/** Beside the sums by stack: each sample in the order of time. */
export interface Profile extends StacksRow {
  /** When (unix ms), its place in `stacks`, and the ms of the loop that it stands for. */
  timeline: { at: number[]; stack: number[]; time: number[] }
}

export interface ProfileIdentity {
  id: string
  service: string
  pid: number
  thread: string
  cwd: string
  /** Unix ms minus the agent's clock. */
  epoch: number
}

export function profileOf(window: HotWindow, { id, epoch, service, pid, thread, cwd }: ProfileIdentity): Profile {
  const frames: Frame[] = []
  const numbers = new Map<string, number>()
  const numberOf = (frame: Frame): number => {
    const key = JSON.stringify([frame.function, frame.file, frame.line, frame.column, frame.async])
    let number = numbers.get(key)
    if (number === undefined) numbers.set(key, (number = frames.push(frame) - 1))
    return number
  }
  const stacks = window.stacks.map(({ frames: innermostFirst, ...stack }) => ({
    frames: innermostFirst.map(numberOf).reverse(),
    ...stack,
  }))
  const { at, stack, time } = window.timeline
  return {
    instance: id,
    service,
    pid,
    thread,
    cwd,
    since: window.since + epoch,
    until: window.until + epoch,
    samples: window.samples,
    effective: window.effective,
    busy: window.busy,
    frames,
    stacks,
    timeline: { at: at.map((ms) => ms + epoch), stack, time },
  }
}

/** The samples of one route alone; null: those of no request. The places of stacks change with it. */
export function ofRoute(profile: Profile, route: string | null): Profile {
  const kept = new Map<number, number>()
  const stacks = profile.stacks.filter((stack, place) => {
    if (stack.route !== route) return false
    kept.set(place, kept.size)
    return true
  })
  const timeline: Profile['timeline'] = { at: [], stack: [], time: [] }
  let squares = 0
  let busy = 0
  profile.timeline.stack.forEach((place, i) => {
    const stack = kept.get(place)
    if (stack === undefined) return
    const time = profile.timeline.time[i]!
    timeline.at.push(profile.timeline.at[i]!)
    timeline.stack.push(stack)
    timeline.time.push(time)
    busy += time
    squares += time * time
  })
  const samples = timeline.at.length
  return { ...profile, samples, busy, effective: squares > 0 ? busy ** 2 / squares : samples, stacks, timeline }
}
