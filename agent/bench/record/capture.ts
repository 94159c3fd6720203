/**
 * A capture: the function itself on a deep stack, and the whole of it as it happens in a program: a worker asks through
 * the inspector, and the main thread, in a loop that only reads its own CPU time, sees how much went elsewhere.
 */
import { Worker } from 'node:worker_threads'
import { CAPTURE, CONTROL, EVENT } from '@loopscope/collector/protocol'
import { CAPTURE_KEY } from '../../src/program/capture-key.ts'
import { installCapture } from '../../src/program/capture.ts'
import { now } from '../../src/program/clock.ts'
import { measureLoop, times, type MicroBench, type Plan } from '../support/micro.ts'
import { createProgram, type Program } from './program.ts'

const DEPTH = 30
/** A watch ends so long after its capture, and so long after its begin where none comes. */
const WATCH_AFTER_MS = 1
const WATCH_LONGEST_MS = 60
/** One round of that loop never takes this long by itself. */
const GAP_US = 8
/** Connecting, evaluating and disconnecting come as up to three pauses; what is further away is something else. */
const NEAR_MS = 0.5

/** Different functions, as in a real stack: each frame has a position of its own. */
const steps = Array.from({ length: DEPTH }, (_, n) => {
  const step = (depth: number, inner: () => void): void => (depth === 0 ? inner() : steps[depth - 1]!(depth - 1, inner))
  Object.defineProperty(step, 'name', { value: `step${n}` })
  return step
})

function deep(inner: () => void): void {
  steps[DEPTH - 1]!(DEPTH - 1, inner)
}

export const capture: MicroBench = {
  name: 'capture',
  async run(plan) {
    const program = createProgram()
    const { recorder, activities, empty, channel } = program
    installCapture({ recorder, activities, now, onContext: () => {} })
    const take = (globalThis as Record<symbol, unknown>)[Symbol.for(CAPTURE_KEY)] as (
      beat: number,
      reason: number,
    ) => void
    const direct = measureLoop(plan, 300, (n) => {
      deep(() => {
        empty()
        for (let i = 0; i < n; i++) take(-1, CAPTURE.block)
      })
    })
    if (channel.control[CONTROL.captures] === 0) throw new Error('no capture was taken')
    const { held, late } = await dispatched(plan, program)
    return [
      {
        id: 'capture.direct',
        about: 'the capture function, 24 frames',
        unit: 'us',
        samples: direct.map((ns) => ns / 1000),
      },
      { id: 'capture', about: 'a capture through the inspector, main thread held', unit: 'us', samples: held },
      { id: 'capture.latency', about: '  from the asking to the stack', unit: 'us', samples: late },
    ]
  },
}

async function dispatched(plan: Plan, program: Program): Promise<{ held: number[]; late: number[] }> {
  const { channel, empty } = program
  const shared = new Float64Array(new SharedArrayBuffer(16))
  const worker = new Worker(new URL('capture-worker.ts', import.meta.url), {
    workerData: { shared, buffer: channel.buffer },
  })
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  const held: number[] = []
  const late: number[] = []
  const captures = times(plan, plan.rounds * 10)
  for (let i = -5; i < captures; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    empty()
    const from = channel.control[CONTROL.head]!
    let pauses: Pause[] = []
    deep(() => {
      pauses = watch(() => channel.control[CONTROL.head] !== from)
    })
    const capturedAt = timeOfCapture(program, from)
    // It came too late for this watch: the worker was not scheduled.
    if (capturedAt === undefined || i < 0) continue
    const near = pauses.filter(({ from, to }) => from - NEAR_MS < capturedAt && capturedAt < to + NEAR_MS)
    held.push(near.reduce((sum, { us }) => sum + us, 0))
    late.push((capturedAt - shared[0]!) * 1000)
  }
  await worker.terminate()
  if (held.length < captures / 4) throw new Error('most captures did not come: is the machine overloaded?')
  return { held, late }
}

interface Pause {
  from: number
  to: number
  us: number
}

/** When this thread spent CPU time on anything but this loop, and how much. */
function watch(isCaptured: () => boolean): Pause[] {
  const pauses: Pause[] = []
  let last = cpuUs()
  let from = now()
  let end = from + WATCH_LONGEST_MS
  let isOver = false
  while (from < end) {
    const time = cpuUs()
    const to = now()
    if (time - last > GAP_US) pauses.push({ from, to, us: time - last })
    last = time
    from = to
    if (!isOver && isCaptured()) {
      isOver = true
      end = to + WATCH_AFTER_MS
    }
  }
  return pauses
}

function cpuUs(): number {
  // Linux brings a running thread's account up to date when the whole process is asked for, else at its next tick only
  // (kernel/sched/cputime.c: thread_group_cputime against task_cputime_adjusted).
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return user + system
}

function timeOfCapture({ channel }: Program, from: number): number | undefined {
  const { control, ring } = channel
  for (let at = from; at < control[CONTROL.head]!; at++) {
    const place = (at % (ring.length / 4)) * 4
    if (ring[place + 1]! % 256 === EVENT.capture) return ring[place]
  }
  return undefined
}
