/** The samples of one instance as stacks: what `/api/v1/stacks` answers, what flame graphs are drawn from. */
import type { Frame } from './rows.ts'

/** The samples with the same stack, in requests of the same route. */
export interface StackSum {
  /** Places in `frames`, outermost first. */
  frames: number[]
  route: string | null
  samples: number
  /** ms of the loop that they stand for. */
  time: number
}

export interface StacksRow {
  instance: string
  service: string
  pid: number
  thread: string
  /** Files of frames are relative to it where they are inside. */
  cwd: string
  /** What the samples cover, unix ms: from the time asked for, or from the first of them. */
  since: number
  until: number
  samples: number
  /**
   * So many samples of equal weight would say as much: samples stand for different times where the sampler's rate changed.
   * One standard error of a share p is sqrt(p (1 - p) / effective).
   */
  effective: number
  /** ms of the loop that all samples stand for: its exact busy time. */
  busy: number
  frames: Frame[]
  stacks: StackSum[]
}

/** An instance whose samples are in another process: it must be asked there. */
export interface Elsewhere {
  instance: string
  service: string
  pid: number
  host: string
  url?: string
}
