/** Where a promise is handed on, and its end is to be known. Nobody may listen beside: that would handle its rejection. */

/** A promise of the same outcome that tells of it first; a rejection that nobody handles stays one. */
export function watch(result: unknown, done: () => void, failed: () => void): unknown {
  if (!(result instanceof Promise)) return result
  return result.then(
    (value: unknown) => {
      done()
      return value
    },
    (error: unknown) => {
      failed()
      throw error
    },
  )
}
