/**
 * Watches one thread's heartbeat. While it stands still and the kernel says that the thread is not waiting in its loop's
 * poll, one callback holds the loop: after a moment that is captured, again and again, and from the threshold on it is an
 * open block. Where the kernel says nothing, a ping tells idle from blocked: an idle loop wakes and ticks.
 *
 * A look costs the worker a wake-up (10 to 150 us of a core), so it is due only when there could be something to see: since
 * the thread says when its turn began, that is the moment at which this turn would have to be captured.
 */
import type { Reading } from '@loopscope/collector'
import { CAPTURE, CLOCK, CONTROL, type Channel } from '@loopscope/collector/protocol'
import type { Schedule, ThreadState } from './kernel.ts'

export interface WatchdogOptions {
  channel: Channel
  thresholdMs: number
  state: () => ThreadState
  now: () => number
  /** Of the thread so far. */
  schedule: () => Schedule | undefined
  /** Between turns, or early in one: what the kernel says of the thread by then. */
  read: (reading: Reading) => void
  /** Wakes the thread's loop; without it a thread of which the kernel says nothing is never taken for held. */
  ping: (() => void) | undefined
  capture: ((beat: number, reason: number) => void) | undefined
  /** The loop is held since `begin` (ms on the agent's clock) in this turn. */
  held: (turn: number, begin: number, now: number) => void
  /** A turn that had been held, or captured, is over. */
  ended: () => void
}

export interface Look {
  /** When the next look is due, on the agent's clock. */
  nextAt: number
  /** The thread has been idle for a while: the next event may wake the worker, until then it looks rarely. */
  resting: boolean
  /** For so long that a turn may wake the worker as well: looks are rarer still. */
  asleep: boolean
}

/** Captured after so much of the threshold: early enough to catch it for sure, late enough to leave short turns alone. */
const FIRST_CAPTURE = 0.45
const MIN_FIRST_CAPTURE_MS = 4
/** The next look after one that found nothing: a block that began right after it is captured well before the threshold. */
const NEXT_LOOK = 0.65
/** Long blocks are captured ever more rarely, but at least so often. */
const LONGEST_GAP_MS = 250
const REST_AFTER_MS = 60
const REST_MS = 125
/** Turns that come more often than this are not worth a wake-up each. */
const SLEEP_AFTER_MS = 400
const SLEEP_MS = 1000
/**
 * After a block that began at rest and was missed (it came from a socket that no hook sees: no event, no turn before it), so
 * often in a threshold, for so long: what has come once comes again.
 */
const ALERT_LOOKS = 2
const ALERT_FOR_MS = 60_000
const LONGEST_READING_MS = 1
const PING_GRACE_MS = 4
const PING_LONGEST_MS = 160

export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #firstCaptureMs: number
  #beat = -1
  /** The current turn holds the loop since this moment at the earliest. */
  #freeAt: number
  /** When there was last a sign of life. */
  #busyAt: number
  #nextCaptureMs: number
  #lastReading: Reading | undefined
  /** Looks at a held loop so far, by what its thread did. */
  #atWork = 0
  #asleep = 0
  /** The last look found the loop idle: the turn began at some moment since then. */
  #wasIdle = false
  #isHeld = false
  #alertUntil = 0
  #pingedAt: number | undefined
  #pingEveryMs: number

  constructor(options: WatchdogOptions, now: number) {
    this.#options = options
    this.#firstCaptureMs = Math.max(MIN_FIRST_CAPTURE_MS, options.thresholdMs * FIRST_CAPTURE)
    this.#nextCaptureMs = this.#firstCaptureMs
    this.#pingEveryMs = this.#firstCaptureMs
    this.#freeAt = now
    this.#busyAt = now
  }

  look(now: number): Look {
    const { channel } = this.#options
    const beat = channel.control[CONTROL.beat]!
    if (beat !== this.#beat) this.#turned(beat, now)
    // An idle loop's last turn is long ago: what the kernel said at a look is younger then.
    this.#freeAt = Math.min(now, Math.max(this.#freeAt, channel.clock[CLOCK.lastTurn]!))
    if (now - this.#freeAt >= this.#firstCaptureMs - 0.5) this.#stale(beat, now)

    if (this.#pingedAt !== undefined) return { nextAt: this.#pingedAt + PING_GRACE_MS, resting: false, asleep: false }
    const restMs = now - this.#busyAt
    if (restMs <= REST_AFTER_MS) {
      return { nextAt: Math.max(now + 1, this.#freeAt + this.#dueMs(now)), resting: false, asleep: false }
    }
    if (now < this.#alertUntil)
      return { nextAt: now + this.#options.thresholdMs / ALERT_LOOKS, resting: true, asleep: false }
    const asleep = restMs > SLEEP_AFTER_MS && this.#wasIdle
    return { nextAt: now + (asleep ? SLEEP_MS : REST_MS), resting: true, asleep }
  }

  /** A block whose culprit nobody saw. */
  missed(now: number): void {
    this.#alertUntil = now + ALERT_FOR_MS
  }

  /** So long after the turn began there may be something to do. */
  #dueMs(now: number): number {
    const { thresholdMs } = this.#options
    const heldMs = now - this.#freeAt
    if (heldMs < this.#firstCaptureMs - 0.5) return Math.max(this.#firstCaptureMs, thresholdMs * NEXT_LOOK)
    // An open block is to be seen as soon as it is one, and its end as well: the next one may begin right after it.
    return Math.min(this.#nextCaptureMs, this.#isHeld ? heldMs + thresholdMs : thresholdMs)
  }

  #turned(beat: number, now: number): void {
    this.#read()
    if (this.#isHeld || this.#nextCaptureMs > this.#firstCaptureMs) this.#options.ended()
    // A turn that only a ping caused is no sign of life.
    if (this.#pingedAt !== undefined) {
      this.#pingEveryMs = Math.min(PING_LONGEST_MS, this.#pingEveryMs * 2)
      this.#freeAt = now
    } else {
      this.#busyAt = now
      this.#pingEveryMs = this.#firstCaptureMs
    }
    this.#beat = beat
    this.#pingedAt = undefined
    this.#nextCaptureMs = this.#firstCaptureMs
    this.#wasIdle = false
    this.#isHeld = false
  }

  #stale(beat: number, now: number): void {
    const state = this.#state(now)
    if (state === 'idle') {
      this.#freeAt = now
      this.#read()
      this.#wasIdle = true
      return
    }
    if (state === 'unknown') return
    this.#busyAt = now
    if (state === 'busy') this.#atWork++
    else this.#asleep++
    if (this.#wasIdle) this.#freeAt = this.#beganAfterRest(now)
    const held = now - this.#freeAt
    if (held >= this.#nextCaptureMs - 0.5) {
      this.#options.capture?.(beat, state === 'waiting' ? CAPTURE.asleep : CAPTURE.block)
      // At 9, 29, 58, 116 ms ... of a block (threshold 20): three captures in 100 ms, of 0.3 ms each (bench:record).
      this.#nextCaptureMs = held + Math.max(this.#options.thresholdMs, Math.min(LONGEST_GAP_MS, held))
    }
    if (held >= this.#options.thresholdMs) {
      this.#isHeld = true
      this.#options.held(beat, this.#freeAt, now)
    }
  }

  #state(now: number): ThreadState {
    const { state, ping } = this.#options
    const known = state()
    if (known !== 'unknown' || ping === undefined) return known
    if (this.#pingedAt === undefined) {
      if (now - this.#freeAt < this.#pingEveryMs) return 'unknown'
      this.#pingedAt = now
      ping()
      return 'unknown'
    }
    return now - this.#pingedAt >= PING_GRACE_MS ? 'busy' : 'unknown'
  }

  /** Woken by a request after 100 ms of rest, the loop is not held for 100 ms: what it has worked since then tells. */
  #beganAfterRest(now: number): number {
    this.#wasIdle = false
    const before = this.#lastReading
    const after = this.#options.schedule()
    if (!before || !after) return this.#freeAt
    const worked = after.cpu - before.cpu + (after.runDelay - before.runDelay)
    return Math.max(this.#freeAt, now - worked - 1)
  }

  #read(): void {
    const { now, schedule, channel, read } = this.#options
    const before = now()
    const said = schedule()
    const at = now()
    // This thread lost its processor in between: when the reading was taken is not known.
    if (!said || at - before > LONGEST_READING_MS) return
    this.#lastReading = { at, busy: channel.clock[CLOCK.busy]!, ...said, atWork: this.#atWork, asleep: this.#asleep }
    read(this.#lastReading)
  }
}
