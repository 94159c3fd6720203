/**
 * When undici began to connect. What its channels say of a connection's beginning and of its end has the connector of the pool
 * or client in common, and the origin: of those that a pool opens at once, the one that was begun first is taken to be ready
 * first. A client that is destroyed meanwhile never says the end; the others of its connector are bounded.
 */
const MAX_ATTEMPTS = 1000

interface Attempt {
  origin: string
  since: number
}

export class Attempts {
  readonly #open = new WeakMap<object, Attempt[]>()

  begin(connector: object, origin: string, since: number): void {
    const open = this.#open.get(connector) ?? []
    if (open.length === MAX_ATTEMPTS) open.shift()
    open.push({ origin, since })
    this.#open.set(connector, open)
  }

  /** When it was begun. */
  end(connector: object, origin: string): number | undefined {
    const open = this.#open.get(connector) ?? []
    const at = open.findIndex((attempt) => attempt.origin === origin)
    return at === -1 ? undefined : open.splice(at, 1)[0]!.since
  }
}
