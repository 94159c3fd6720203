/** The observed threads of this process: the main one from the start, the user's workers as they show themselves. */
import { BroadcastChannel } from 'node:worker_threads'
import type { Collector } from '@loopscope/collector'
import type { InstanceSnapshot } from '@loopscope/collector/protocol'
import { threadChannelName, type ThreadInfo, type ThreadMessage } from './messages.ts'
import type { Observed } from './observed.ts'

/** A thread that has ended is shown as exited for so long. */
const KEEP_MS = 60_000

export interface ThreadsOptions {
  collector: Collector
  now: () => number
  observe: (thread: ThreadInfo) => Observed
  /** Readings that are taken only when somebody asks. */
  refresh: (observed: Observed) => void
}

export class Threads {
  /** Those that run. */
  readonly live = new Set<Observed>()
  readonly #options: ThreadsOptions
  readonly #ended = new Map<Observed, number>()
  readonly #removers = new Map<Observed, () => void>()

  constructor(options: ThreadsOptions) {
    this.#options = options
  }

  add(thread: ThreadInfo): Observed {
    const { observe, refresh } = this.#options
    const observed = observe(thread)
    this.live.add(observed)
    const remove = this.#options.collector.add({
      id: observed.model.identity.id,
      snapshot(unixNow) {
        observed.drain()
        observed.read()
        refresh(observed)
        return observed.model.snapshot(unixNow)
      },
      hotSince: (since) => observed.model.hotSince(since),
      profileSince: (since) => observed.model.profileSince(since),
    })
    this.#removers.set(observed, remove)
    return observed
  }

  /** Asks the user's threads to show themselves, and takes those that come later. */
  listen(): void {
    const siblings = new BroadcastChannel(threadChannelName(process.pid))
    siblings.onmessage = (event) => {
      const message = (event as { data: ThreadMessage }).data
      if (message.type === 'thread' && !this.#knows(message.thread.threadId)) this.add(message.thread)
    }
    siblings.postMessage({ type: 'who' } satisfies ThreadMessage)
  }

  /** The snapshots of this process, without those that others push to its collector. */
  snapshots(unixNow: number): InstanceSnapshot[] {
    const own = new Set([...this.#removers.keys()].map((observed) => observed.model.identity.id))
    return this.#options.collector.snapshots(unixNow).filter((snapshot) => own.has(snapshot.id))
  }

  /** Lets go of what has ended; about once a second. */
  sweep(): void {
    const now = this.#options.now()
    for (const observed of this.live) {
      if (!observed.isClosed) continue
      observed.close()
      this.live.delete(observed)
      this.#ended.set(observed, now)
    }
    for (const [observed, at] of this.#ended) {
      if (now - at < KEEP_MS) continue
      this.#removers.get(observed)?.()
      this.#removers.delete(observed)
      this.#ended.delete(observed)
    }
  }

  #knows(threadId: number): boolean {
    return [...this.#removers.keys()].some((observed) => observed.threadId === threadId)
  }
}
