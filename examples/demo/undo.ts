/** What was started, to be ended in the reverse order, once. Nothing starts any more after that has begun. */
export interface Undo {
  /** Begins something; it will be ended even if the end comes before it is ready. A failed begin needs no end. */
  start<T>(name: string, begin: () => Promise<T>, end: (started: T) => unknown): Promise<T>
  /** Resolves to what went wrong on the way; one failure does not keep the others from being ended. */
  run(): Promise<string[]>
}

export function createUndo(): Undo {
  const steps: { name: string; end: () => Promise<unknown> }[] = []
  let running: Promise<string[]> | null = null

  const unwind = async (): Promise<string[]> => {
    const problems: string[] = []
    for (let step = steps.pop(); step; step = steps.pop()) {
      try {
        await step.end()
      } catch (error) {
        problems.push(`${step.name} did not end cleanly: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return problems
  }
  return {
    async start(name, begin, end) {
      if (running) throw new Error(`${name} was not started: it is over already`)
      const beginning = begin()
      const settled = beginning.then(
        (started) => () => end(started),
        () => () => {},
      )
      steps.push({ name, end: async () => (await settled)() })
      return await beginning
    },
    run: () => (running ??= unwind()),
  }
}
