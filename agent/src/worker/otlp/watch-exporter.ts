/**
 * Puts itself before an exporter and learns how each export ends. To the SDK an export always succeeds: it would only
 * print the failure, and what it failed to send is gone either way.
 */
interface Exporter<Items> {
  export(items: Items, done: (result: { code: number; error?: Error }) => void): void
}

const SUCCESS = 0

/** `onEnd`: the error, or null when the endpoint took it. Changes the exporter and gives it back. */
export function watchExporter<Items, E extends Exporter<Items>>(
  exporter: E & Exporter<Items>,
  onEnd: (error: Error | undefined | null, items: Items) => void,
): E {
  const send = exporter.export.bind(exporter)
  exporter.export = (items, done) => {
    let ended = false
    const end = (error: Error | undefined | null): void => {
      if (ended) return
      ended = true
      onEnd(error, items)
      done({ code: SUCCESS })
    }
    try {
      send(items, (result) => end(result.code === SUCCESS ? null : result.error))
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return exporter
}
