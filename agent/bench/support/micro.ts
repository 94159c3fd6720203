/** The shape of a micro-benchmark: it runs in a process of its own and returns what each round measured. */
export interface Plan {
  rounds: number
  /** Multiplies how often a round repeats what it measures; small in tests. */
  scale: number
}

export interface Figure {
  id: string
  about: string
  unit: 'ns' | 'us' | 'B'
  /** One value per round. */
  samples: number[]
}

export interface MicroBench {
  name: string
  run(plan: Plan): Figure[] | Promise<Figure[]>
}

/** How often per round, at least 10. */
export function times(plan: Plan, full: number): number {
  return Math.max(10, Math.round(full * plan.scale))
}

/**
 * CPU time of this process in ns (resolution: 1 us): whoever else wants this core does not count, as on a clock, and what
 * V8's helpers collect in parallel does.
 */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** Warm-up, then ns per operation of each round. `body` does the operation `n` times. */
export function measureLoop(plan: Plan, full: number, body: (n: number) => void): number[] {
  const n = times(plan, full)
  for (let i = 0; i < 5; i++) body(n)
  const samples: number[] = []
  for (let round = 0; round < plan.rounds; round++) {
    const began = cpuNs()
    body(n)
    samples.push((cpuNs() - began) / n)
  }
  return samples
}

/** The difference of two interleaved arms, round by round. */
export function difference(more: readonly number[], less: readonly number[]): number[] {
  return more.map((value, round) => value - less[round]!)
}
