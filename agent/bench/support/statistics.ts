/** Medians and quartiles: what a busy neighbour does to one round should not show in the figure. */
export interface Spread {
  median: number
  /** The quartiles: half of all rounds lie between them. */
  low: number
  high: number
  rounds: number
}

export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new Error('no rounds were measured: --rounds must be at least 1')
  const sorted = [...values].sort((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const below = sorted[Math.floor(place)]!
  const above = sorted[Math.ceil(place)]!
  return below + (above - below) * (place - Math.floor(place))
}

export function spread(values: readonly number[]): Spread {
  return {
    median: quantile(values, 0.5),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    rounds: values.length,
  }
}
