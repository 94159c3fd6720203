/** libuv's pool is measured by the probe, not by events. */
import type { PoolRow } from '../protocol/rows.ts'

export interface ThreadPoolReading {
  size: number
  /** Threads at work, where the system can tell. */
  used: number | undefined
  /** How long the probe that is out now has waited, in ms. */
  probeAge: number
}

export function threadpoolRow(instance: string, reading: ThreadPoolReading, wait: PoolRow['wait']): PoolRow {
  const { size, used, probeAge } = reading
  return {
    instance,
    kind: 'libuv',
    system: 'libuv',
    name: 'thread pool',
    limit: size,
    used: used ?? null,
    idle: used === undefined ? null : size - used,
    pending: null, // libuv does not say how many wait; the probe says how long
    wait,
    use: null,
    timeouts: 0,
    holders: [],
    probeAge,
  }
}
