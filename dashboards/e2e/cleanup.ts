/** What was started is ended, last first: at the end of the tests, when one fails, and when somebody ends the tests. */
export interface Cleanup {
  add(what: string, end: () => Promise<unknown> | unknown): void
  run(): Promise<void>
}

export function createCleanup(): Cleanup {
  const ends: { what: string; end: () => Promise<unknown> | unknown }[] = []
  const run = async (): Promise<void> => {
    for (let next = ends.pop(); next; next = ends.pop()) {
      try {
        await next.end()
      } catch (error) {
        console.error(`e2e: could not end ${next.what}: ${String(error)}`)
      }
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void run().finally(() => process.exit(1)))
  }
  return { add: (what, end) => void ends.push({ what, end }), run }
}
