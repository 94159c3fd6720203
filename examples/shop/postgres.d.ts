export interface Postgres {
  url: string
  /** Settles when the database ends, by `stop` or by itself. */
  exited: Promise<number | null>
  stop(): Promise<void>
}

export function startPostgres(options?: { onLog?: (text: string) => void }): Promise<Postgres>
