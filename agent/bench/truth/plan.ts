/** Which blocks are planted, how long and in which order; one after the other, under a light load. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './ask.ts'
import type { Target } from './target.ts'

export interface Plant {
  kind: string
  ms: number
  awaited: boolean
  decoy: boolean
}

/** Lengths of one round of one kind: spans in ms, out of which one is drawn evenly by its logarithm. */
const SPANS: readonly (readonly [number, number])[] = [
  [5, 11],
  [12.5, 18],
  [13, 19],
  [21, 30],
  [28, 48],
  [50, 110],
  [110, 500],
]

export function makePlan(kinds: readonly string[], rounds: number, random: () => number): Plant[] {
  const plan: Plant[] = []
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) {
      for (const [low, high] of SPANS) {
        const ms = Math.round(low * (high / low) ** random() * 10) / 10
        plan.push({ kind, ms, awaited: random() < 0.5, decoy: random() < 0.5 })
      }
    }
  }
  for (let i = plan.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[plan[i], plan[j]] = [plan[j]!, plan[i]!]
  }
  return plan
}

/** The same every time for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Drive {
  target: Target
  plan: readonly Plant[]
  /** Requests that are always in flight beside. */
  load: number
  random: () => number
  onPlant: (done: number) => void
}

/** Pauses between two blocks: now and then long enough for the watchdog to think that all is at rest. */
const PAUSE_MS = [15, 90] as const
const COLLECT_EVERY_MS = 2000

export async function drive({ target, plan, load, random, onPlant }: Drive): Promise<void> {
  const { port } = target
  let isOver = false
  const inFlight = Array.from({ length: load }, async (_, i) => {
    for (let n = i; !isOver; n += load) await ask({ port }, `/background/${n}`)
  })
  let collected = performance.now()
  for (const [done, { kind, ms, awaited, decoy }] of plan.entries()) {
    onPlant(done)
    await ask({ port }, `/${kind}/${ms}?awaited=${Number(awaited)}&decoy=${Number(decoy)}`)
    await sleep(PAUSE_MS[0] + random() * (PAUSE_MS[1] - PAUSE_MS[0]))
    if (performance.now() - collected < COLLECT_EVERY_MS) continue
    await target.collect()
    collected = performance.now()
  }
  isOver = true
  await Promise.all(inFlight)
  // The last ones, with what comes late.
  await sleep(1500)
  await target.collect()
}
