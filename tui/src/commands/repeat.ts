/** Prints now and then every so often, until its time is over or somebody ends it. */
export interface Rhythm {
  intervalMs: number
  /** Infinity: until ended. */
  forMs: number
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @returns the exit code: 0 when the time is over, and on Ctrl-C, which is how watching ends. */
export async function repeat(
  print: () => Promise<void> | void,
  { intervalMs, forMs }: Rhythm,
  now: () => number,
  stop?: AbortSignal,
): Promise<number> {
  const ended = Promise.withResolvers<number>()
  const handlers = SIGNALS.map(
    (signal) => [signal, () => ended.resolve(signal === 'SIGINT' ? 0 : signal === 'SIGTERM' ? 143 : 129)] as const,
  )
  for (const [signal, handler] of handlers) process.on(signal, handler)
  const onStop = () => ended.resolve(0)
  stop?.addEventListener('abort', onStop)
  if (stop?.aborted) onStop()
  const end = now() + forMs
  let timer: NodeJS.Timeout | undefined
  try {
    for (;;) {
      await print()
      const left = end - now()
      if (left <= 0) return 0
      const pause = new Promise<null>((resolve) => {
        timer = setTimeout(() => resolve(null), Math.min(intervalMs, left))
      })
      const code = await Promise.race([pause, ended.promise])
      if (code !== null) return code
      // Not asked of the clock: a timer may fire a millisecond before it, and would print once more at the end.
      if (left <= intervalMs) return 0
    }
  } finally {
    clearTimeout(timer)
    stop?.removeEventListener('abort', onStop)
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}
