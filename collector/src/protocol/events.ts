/**
 * The events of the ring. Each is four numbers: `[time, kind + 256 * id, a, b]`. Times are ms on the monotonic clock of
 * the process, names are ids of the name table, a name of several parts joins them by '\0'.
 */
export const EVENT = {
  /** A turn that was busy for long. id: the turn's number; time: its end; a: busy ms; b: idle ms within it. */
  turn: 1,
  /** An activity begins. id: activity; a: name ("GET", a task's name); b: ACTIVITY kind + 16 * parent activity. */
  begin: 2,
  /** The activity's route is known. id: activity; a: name (the template: "/cart/:id"). */
  route: 3,
  /** The activity ends (a request: its response is sent). id: activity; a: OUTCOME; b: status code, where there is one. */
  end: 4,
  /**
   * A finished activity still has work going on. id: activity; a: its name + N * (its route + N * its ACTIVITY kind), with
   * N = MAX_NAMES + 1, so that no reader has to remember what has ended; b: name (a frame: the site) or 0.
   */
  outlive: 5,
  /** The work that outlived the activity is over. id: activity; a: OUTCOME. */
  settle: 6,
  /** An activity waits on something. id: operation; a: activity (0: none); b: name (kind \0 name). */
  wait: 7,
  /** The wait is over. id: operation. */
  resume: 8,
  /**
   * A timer that an activity's own code has set is pending at the end of a turn over the threshold, whose `turn` event comes
   * after these. id: activity; a: when it is due.
   */
  due: 9,
  /** A pool, and again when its limit changes. id: pool; a: name (kind \0 system \0 name); b: limit, Infinity for none. */
  pool: 10,
  /** What the pool itself says. id: pool; a: used + POOL_IDLE * idle, or -1 once it is gone; b: pending. */
  poolState: 11,
  /** Somebody asks for a slot. id: lease; a: pool; b: activity. */
  poolAsk: 12,
  /** The slot was given. id: lease; a: TAKE flags. */
  poolTake: 13,
  /** The slot was given back. id: lease; a: of a call to another server, ms from `poolTake` to the head of the answer, or 0. */
  poolRelease: 14,
  /** The slot was not given. id: lease; a: 1 for a time-out. */
  poolFail: 15,
  /** Where the slot was asked for. id: lease; a: name (a frame). */
  poolSite: 16,
  /**
   * A capture. id: the turn's number; a: activity (0: none); b: CAPTURE reason + 4 * (number of frames + 64 * late), with
   * the ms that it was taken after it had been asked for: long after, in what follows a native call without interrupt checks.
   * The frames follow in ceil(n / 4) `frames` events, innermost first.
   */
  capture: 20,
  /** Four frames of the capture before, in order: id, time, a, b; 0 where there is none. Frames are names. */
  frames: 21,
  /** The OpenTelemetry span that was active at the capture. id: turn; time, a, b: trace id in 48 + 48 + 32 bits. */
  trace: 22,
  /** The second half: id: turn; a, b: span id in 32 + 32 bits. */
  span: 23,
  /**
   * Inside allowBlocking(). id: the turn's number; a: name (why); b: ms that it held the loop in this turn, or 0: the
   * capture before was taken inside.
   */
  allowed: 24,
  /**
   * In which callback the capture before was taken. id: the turn's number; a: the asynchronous id of what runs; b: 1 + the
   * index of its promise in a Promise.all that waits for it, or 0.
   */
  callback: 25,
  /**
   * The callbacks of the captures before are over, and their microtasks that were queued by then. id: the turn's number; a:
   * events that the loop's poll has given so far (sockets, the thread pool): those of this turn are added when all have run.
   */
  callbackOver: 26,
  /** Comes right before `turn`. id: the turn's number; a: events that poll has given so far. */
  turnEvents: 27,
  /** A request was measured layer by layer. id: activity; a: number of `layer` events that follow; `end` comes after them. */
  layered: 80,
  /**
   * One call of a layer, in the order in which they were entered. id: activity; a: name (kind \0 name) + N * (name (a frame: where
   * it was registered, or 0) + N * flags of LAYER), with N = MAX_NAMES + 1; b: its synchronous part + LAYER.units * its wait.
   */
  layer: 81,
  /** An activity that ends has waited for what needs no word while it lasts, a timer. id: activity; time: its end; a: name (kind \0 name); b: its begin. */
  waited: 90,
  /** A garbage collection. time: its end; a: duration in ms; b: kind (perf_hooks.constants). */
  gc: 30,
  /** A library was seen. a: name (module \0 version \0 how \0 why). */
  hooked: 40,
  /**
   * The response of a request stays open: it is a stream from here on. id: activity; time: when that was seen; a: when its
   * head was sent, or -1 where that is not known; b: status code.
   */
  stream: 60,
  /** What a stream has sent so far, of numbers that have changed. id: activity; a: bytes; b: writes, since it was seen. */
  streamSent: 61,
  /** id: activity; a: bytes that wait for the client; b: 0. */
  streamBuffered: 62,
  /** How often the writer has waited for 'drain', so far. id: activity; a: how often; b: ms in all. */
  streamStalls: 63,
  /** Writes in spite of that, so far. id: activity; a: how many; b: name (a frame: the first of them) or 0. */
  streamIgnored: 64,
  /** Where a queue was made, which is its name. id: pool; a: name (a frame). */
  poolMade: 70,
  /**
   * A failure that nobody handled, of an activity that may have ended. id: activity; a: its name, route and kind, as of
   * `outlive`.
   */
  unhandled: 71,
  /** The activity is a job that was tried before. id: activity. */
  retry: 72,
  /** The locks of a worker's jobs were renewed late. id: pool; time: when it was done; a: when it was due. */
  renewal: 73,
  /** Jobs lost their lock while they ran. id: pool; a: how many. */
  stalled: 74,
  /**
   * WebSockets, and what works like them, in totals since the start; a later event heals what a lost one left wrong.
   * id: name (library \0 path); a: connections that were opened so far; b: closed.
   */
  sockets: 50,
  /** id: the same name; a: since when the oldest open one is open; b: since when the slowest consumer is slow; 0: there is none. */
  socketsSince: 51,
  /** id: the same name; a: messages that came in; b: their bytes. */
  socketsIn: 52,
  /** id: the same name; a: messages that went out; b: their bytes. */
  socketsOut: 53,
  /** id: the same name; a: bytes that wait to be sent; b: slow consumers. */
  socketsBuffered: 54,
  /** A new connection to another server stands, TLS included. id: pool; a: ms that it took. */
  poolConnect: 100,
} as const

/**
 * Of a slot that was given: when it could have been given is not known (a rate limit, a pause, a queue elsewhere); nor is how
 * long was waited for it.
 */
export const TAKE = { readyUnknown: 1, waitUnknown: 2 } as const

/** The turn before the loop's first: the program's modules are loaded, nothing waits for the loop yet. */
export const START_UP_TURN = 0

/** How the idle slots of a pool are put beside those in use. */
export const POOL_IDLE = 2 ** 20

export type EventName = keyof typeof EVENT

/** What an activity is; the order is part of the wire. */
export const ACTIVITY_KINDS = ['request', 'background', 'job', 'ws', 'stream', 'timer'] as const
export type ActivityKind = (typeof ACTIVITY_KINDS)[number]

export const OUTCOME = { ok: 0, failed: 1, aborted: 2 } as const

/** What a request passes through. */
export const LAYER_KINDS = [
  'middleware',
  'hook',
  'guard',
  'pipe',
  'interceptor',
  'providers',
  'handler',
  'error-handler',
] as const
export type LayerKind = (typeof LAYER_KINDS)[number]

/** Flags of a layer's call; its times are in us, up to 67 s. */
export const LAYER = {
  async: 1,
  failed: 2,
  units: 2 ** 26,
  unit: (ms: number): number => Math.min(2 ** 26 - 1, Math.max(0, Math.round(ms * 1000))),
} as const

/** Why a capture was taken. asleep: of a block as well, while the kernel said that the thread waited for a lock (a futex). */
export const CAPTURE = { block: 0, sample: 1, asleep: 2 } as const

/**
 * Joins the parts of a name. A frame is: flags \0 line \0 column \0 function \0 file. Flags: 'a' for an async frame, 'e'
 * for one at the entry of its function, then "line:column" of where its function begins, if that matters.
 */
export const PART = '\0'
