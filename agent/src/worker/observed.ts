/** One observed thread, on the worker's side: its channel is drained into its model, its heartbeat is watched. */
import { existsSync } from 'node:fs'
import { InstanceModel, type Identity, type PackageVersion, type ResolveFrame } from '@loopscope/collector'
import { CLOCK, CONTROL, openChannel, type Channel } from '@loopscope/collector/protocol'
import type { Capturer } from './capturer.ts'
import { GcWish } from './gc-wish.ts'
import { openKernel, type Kernel } from './kernel.ts'
import type { ThreadInfo } from './messages.ts'
import { Reader } from './reader.ts'
import { Watchdog, type Look } from './watchdog.ts'

export interface ObservedOptions {
  thread: ThreadInfo
  identity: Omit<Identity, 'id' | 'thread' | 'epoch' | 'startedAt'>
  now: () => number
  /** undefined where it cannot or may not be captured. */
  capture: Capturer | undefined
  useKernel: boolean
  /** Brings frames to the author's files. */
  resolve: ResolveFrame | undefined
  packageVersion: PackageVersion
  /** undefined where nothing can wake the thread. */
  ping: (() => void) | undefined
  /** Its loop has been held for so long, and still is. */
  held: (thread: Observed, ms: number) => void
}

export class Observed {
  readonly channel: Channel
  readonly model: InstanceModel
  readonly threadId: number
  readonly gcWish: GcWish
  readonly #reader: Reader
  readonly #kernel: Kernel | undefined
  readonly #watchdog: Watchdog
  readonly #now: () => number
  readonly #task: string | undefined
  readonly #apply: (kind: number, id: number, time: number, a: number, b: number) => void
  #runDelay: number | undefined

  constructor(options: ObservedOptions) {
    const { thread, identity, now, capture, ping } = options
    this.threadId = thread.threadId
    this.#now = now
    const task = `/proc/self/task/${thread.tid}`
    this.#task = existsSync(task) ? task : undefined
    this.channel = openChannel(thread.buffer)
    this.gcWish = new GcWish(this.channel, now)
    this.#reader = new Reader(this.channel)
    this.model = new InstanceModel(
      {
        ...identity,
        // Processes in containers all have pid 1: the host makes the difference.
        id: `${identity.host}:${identity.pid}${thread.threadId === 0 ? '' : `.${thread.threadId}`}`,
        thread: thread.name,
        epoch: this.channel.clock[CLOCK.epoch]!,
        startedAt: thread.startedAt,
      },
      this.#reader.name,
      options.resolve,
      options.packageVersion,
    )
    this.#apply = this.model.apply.bind(this.model)
    this.#kernel = options.useKernel ? openKernel(thread.tid) : undefined
    const { model } = this
    this.#watchdog = new Watchdog(
      {
        channel: this.channel,
        thresholdMs: identity.thresholdMs,
        state: () => this.#kernel?.state() ?? 'unknown',
        now,
        schedule: () => this.#kernel?.schedule(),
        read: (reading) => model.blocks.reading(reading),
        ping,
        capture,
        held: (turn, begin, time) => {
          model.blocks.openBlock(turn, begin, time)
          options.held(this, time - begin)
        },
        ended: () => {
          this.drain()
          model.blocks.closeOpen() // its turn may have been short after all (this thread had to wait), or its event lost
        },
      },
      now(),
    )
  }

  look(now: number): Look {
    const look = this.#watchdog.look(now)
    return this.drain() ? { nextAt: now, resting: false, asleep: false } : look
  }

  /** A block of this thread was seen by nobody. */
  missed(): void {
    this.#watchdog.missed(this.#now())
  }

  /** True when there is more. */
  drain(): boolean {
    return this.#reader.drain(this.#apply)
  }

  /** About once a second, and before a snapshot. */
  read(): void {
    const now = this.#now()
    this.model.read(this.channel, now)
    const runDelay = this.#kernel?.schedule()?.runDelay
    if (runDelay === undefined) return
    if (this.#runDelay !== undefined) this.model.loop.part('starved', now, runDelay - this.#runDelay)
    this.#runDelay = runDelay
  }

  /** Whether the thread is at work at this moment: for the sampler. */
  isBusy(): boolean {
    const state = this.#kernel?.state() ?? 'unknown'
    if (state !== 'unknown') return state !== 'idle'
    // Without the kernel's word: it turned a moment ago, or is held.
    return this.#now() - this.channel.clock[CLOCK.lastTurn]! < 5 || this.model.blocks.isOpen
  }

  /** A thread that is terminated runs no handler of its exit: the system knows that it is gone. */
  get isClosed(): boolean {
    return this.channel.control[CONTROL.closed] === 1 || (this.#task !== undefined && !existsSync(this.#task))
  }

  close(): void {
    this.drain()
    this.model.close()
    this.#kernel?.close()
  }
}
