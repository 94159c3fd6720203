/** Every bound of the server in one place. Tests pass smaller ones. */
export interface Limits {
  /** A reader gets a delta this often. */
  intervalMs: number
  maxReaders: number
  /** A reader with more than this unsent gets nothing until it has read it. */
  maxBufferedBytes: number
  /** A reader that stays behind for this long is dropped. */
  dropAfterMs: number
  /** Agents that push frames. */
  maxSenders: number
  maxFrameBytes: number
  /** A sender has to introduce itself within this time. */
  joinWithinMs: number
  /** Open connections of all kinds. */
  maxConnections: number
}

export const DEFAULT_LIMITS: Limits = {
  intervalMs: 500,
  maxReaders: 64,
  maxBufferedBytes: 1024 * 1024,
  dropAfterMs: 30_000,
  maxSenders: 256,
  maxFrameBytes: 8 * 1024 * 1024,
  joinWithinMs: 5000,
  maxConnections: 512,
}
