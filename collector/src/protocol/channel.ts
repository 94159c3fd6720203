/**
 * The way from the program's thread to the agent's worker: one SharedArrayBuffer per observed thread, laid out here.
 *
 *   control   Int32    cursors, heartbeat, flags            (who writes which: see CONTROL)
 *   clock     Float64  running totals of the loop           (program writes, worker reads)
 *   turns     Float64  how many turns were this busy        (program counts, worker reads)
 *   ring      Float64  events, four numbers each            (program writes at head, worker reads from tail)
 *   names     Uint16   append-only text: length, code units (program writes; an id is a name's place in the order)
 *
 * One writer and one reader, no locks. A full ring drops the event and counts it; a full name table gives id 0.
 */

/** Places in `control`. P: written by the program's thread, W: by the worker. */
export const CONTROL = {
  /** P: events written so far (wraps at 2^32; the place in the ring is this modulo the capacity). */
  head: 0,
  /** W: events read so far. */
  tail: 1,
  /** P: events lost because the ring was full. */
  dropped: 2,
  /** P: the heartbeat: turns of the loop so far (wraps at 2^31). */
  beat: 3,
  /** P: names written so far. */
  names: 4,
  /** P: code units used in the name table. */
  nameUnits: 5,
  /** P: names refused because the table was full. */
  namesLost: 6,
  /** P: captures taken (also the late ones that discarded themselves). */
  captures: 7,
  /** W: what wakes the sleeping worker, one of DOZE; the program's thread sets it back when it does. */
  dozing: 8,
  /** W: what the worker asks of the program's thread at its next turn; bits of WISH. */
  wishes: 9,
  /** P: 1 once the thread is exiting. */
  closed: 10,
  /** W, main thread's channel: 1 while an open block of this process is on disk (black-box.ts). */
  recorded: 11,
  /** P: above 0 while code runs that may be ended by force: a capture would take the end upon itself, so none is asked for. */
  guarded: 12,
  /** Captures that are asked for and not yet taken: the worker adds, the thread takes away. */
  asking: 13,
  /** W: 1 + reason of a capture that was wanted of guarded code; the thread takes it itself afterwards. */
  owed: 14,
  /** P, main thread's channel: above 0 while user threads are being terminated: none is captured meanwhile. */
  ending: 15,
  /** W, main thread's channel: 1 while user threads are being captured. */
  askingThreads: 16,
} as const

/** Values of CONTROL.dozing: by nothing, by the next event, by the next turn as well. */
export const DOZE = { not: 0, untilEvent: 1, untilTurn: 2 } as const

/** Bits of CONTROL.wishes. */
export const WISH = { gc: 1 } as const

/** Places in `clock`, in ms where nothing else is said. */
export const CLOCK = {
  /** Time of the last turn, on the monotonic clock (process.hrtime). */
  lastTurn: 0,
  /** Busy time of all turns so far. */
  busy: 1,
  /** Time spent waiting in poll so far. */
  idle: 2,
  /** The longest busy time of one turn so far. */
  longest: 3,
  /** What the captures cost this thread so far. */
  captureCost: 4,
  /** Unix ms minus monotonic ms, at the start. */
  epoch: 5,
  /** The thread's V8 heap in bytes, every few seconds; 0 before the first reading. */
  heapUsed: 6,
  heapTotal: 7,
  /**
   * W: when the worker asked for the capture that is out; P: 0 once it has come to it. There is one at a time: a capture that
   * comes much later had to wait for a native call to return.
   */
  asked: 8,
} as const

const CONTROL_SLOTS = 32
const CLOCK_SLOTS = 16
/** Buckets of `turns`: base-2 exponential of scale 3, from 2^-10 ms (1 us) to 2^17 ms (131 s). */
export const TURN_SCALE = 3
export const TURN_MIN_INDEX = -10 * 2 ** TURN_SCALE
export const TURN_BUCKETS = 27 * 2 ** TURN_SCALE
/** Events that fit into the ring. A power of two. */
export const RING_CAPACITY = 32768
/** Numbers per event. */
export const EVENT_SLOTS = 4
const NAME_UNITS = 1 << 19
/** A longer name is cut. */
export const MAX_NAME = 600
/** No more names than this: everything a program names is bounded. */
export const MAX_NAMES = 16384

export interface Channel {
  readonly buffer: SharedArrayBuffer
  readonly control: Int32Array
  readonly clock: Float64Array
  readonly turns: Float64Array
  readonly ring: Float64Array
  readonly names: Uint16Array
}

const CLOCK_AT = CONTROL_SLOTS * 4
const TURNS_AT = CLOCK_AT + CLOCK_SLOTS * 8
const RING_AT = TURNS_AT + TURN_BUCKETS * 8
const NAMES_AT = RING_AT + RING_CAPACITY * EVENT_SLOTS * 8
const TOTAL_BYTES = NAMES_AT + NAME_UNITS * 2

export function createChannel(): Channel {
  return openChannel(new SharedArrayBuffer(TOTAL_BYTES))
}

export function openChannel(buffer: SharedArrayBuffer): Channel {
  return {
    buffer,
    control: new Int32Array(buffer, 0, CONTROL_SLOTS),
    clock: new Float64Array(buffer, CLOCK_AT, CLOCK_SLOTS),
    turns: new Float64Array(buffer, TURNS_AT, TURN_BUCKETS),
    ring: new Float64Array(buffer, RING_AT, RING_CAPACITY * EVENT_SLOTS),
    names: new Uint16Array(buffer, NAMES_AT, NAME_UNITS),
  }
}
