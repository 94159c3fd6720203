/**
 * Watches one thread's heartbeat. While it stands still and the kernel says that the thread is not waiting in its loop's
 * poll, one callback holds the loop: after a moment that is captured, again and again, and from the threshold on it is an
 * open block. Where the kernel says nothing, a ping tells idle from blocked: an idle loop wakes and ticks.
 */
import { CAPTURE, CONTROL, type Channel } from '@loopscope/collector/protocol'
import type { Schedule, ThreadState } from './kernel.ts'

export interface WatchdogOptions {
  channel: Channel
  thresholdMs: number
  state: () => ThreadState
  schedule: () => Schedule | undefined
  /** Wakes the thread's loop. */
  ping: () => void
  capture: ((beat: number, reason: number) => void) | undefined
  /** The loop is held since `begin` (ms on the agent's clock) in this turn. */
  held: (turn: number, begin: number, now: number) => void
  /** The turn that had been held is over; what the kernel says of it. */
  ended: (turn: number, evidence: { cpu?: number; runDelay?: number }) => void
}

/** How long until the next look, in ms. */
const ACTIVE_MS = 2
const DOZE_MS = 20
/** A loop that has been idle this long is looked at less often; the next event wakes the worker. */
const DOZE_AFTER_MS = 60
const STALE_MS = 4
const PING_GRACE_MS = 4
const PING_LONGEST_MS = 160

export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #firstCaptureMs: number
  #beat = -1
  /** When the current turn was last known not to hold the loop. */
  #freeAt: number
  #busyAt: number
  #nextCaptureMs: number
  #baseline: Schedule | undefined
  #isHeld = false
  #pingedAt: number | undefined
  #pingEveryMs = STALE_MS

  constructor(options: WatchdogOptions, now: number) {
    this.#options = options
    this.#firstCaptureMs = Math.max(4, options.thresholdMs * 0.4)
    this.#nextCaptureMs = this.#firstCaptureMs
    this.#freeAt = now
    this.#busyAt = now
  }

  /** One look; returns how long until the next, and whether the thread is at rest. */
  look(now: number): { nextMs: number; resting: boolean } {
    const beat = this.#options.channel.control[CONTROL.beat]!
    if (beat !== this.#beat) this.#turned(beat, now)
    else if (now - this.#freeAt >= STALE_MS) this.#stale(beat, now)
    const resting = now - this.#busyAt > DOZE_AFTER_MS
    return { nextMs: resting ? DOZE_MS : ACTIVE_MS, resting }
  }

  #turned(beat: number, now: number): void {
    if (this.#isHeld) this.#options.ended(this.#beat, this.#evidence())
    // A turn that only a ping caused is no sign of life.
    if (this.#pingedAt !== undefined && now - this.#pingedAt <= STALE_MS + PING_GRACE_MS) {
      this.#pingEveryMs = Math.min(PING_LONGEST_MS, this.#pingEveryMs * 2)
    } else {
      this.#busyAt = now
      this.#pingEveryMs = STALE_MS
    }
    this.#beat = beat
    this.#freeAt = now
    this.#pingedAt = undefined
    this.#nextCaptureMs = this.#firstCaptureMs
    this.#baseline = undefined
    this.#isHeld = false
  }

  #stale(beat: number, now: number): void {
    const state = this.#state(now)
    if (state === 'idle') {
      this.#freeAt = now
      return
    }
    if (state === 'unknown') return
    this.#busyAt = now
    this.#baseline ??= this.#options.schedule()
    const held = now - this.#freeAt
    if (held >= this.#nextCaptureMs) {
      this.#options.capture?.(beat, CAPTURE.block)
      // Ever rarer: 8, 28, 48 ms ... of a block; two captures in 100 ms cost it less than 0.2 ms.
      this.#nextCaptureMs = held + Math.max(this.#options.thresholdMs, Math.min(250, held))
    }
    if (held >= this.#options.thresholdMs) {
      this.#isHeld = true
      this.#options.held(beat, this.#freeAt, now)
    }
  }

  #state(now: number): ThreadState {
    const known = this.#options.state()
    if (known !== 'unknown') return known
    if (this.#pingedAt === undefined) {
      if (now - this.#freeAt < this.#pingEveryMs) return 'unknown'
      this.#pingedAt = now
      this.#options.ping()
      return 'unknown'
    }
    return now - this.#pingedAt >= PING_GRACE_MS ? 'busy' : 'unknown'
  }

  #evidence(): { cpu?: number; runDelay?: number } {
    const after = this.#options.schedule()
    const before = this.#baseline
    if (!after || !before) return {}
    return { cpu: after.cpu - before.cpu, runDelay: after.runDelay - before.runDelay }
  }
}
