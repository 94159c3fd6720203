/**
 * What a queue in the program has beyond a pool: its numbers follow from the events between two words of its own, so that
 * they are right while a block keeps it from saying any; where it was made; and what happened to the locks of its jobs.
 */
import type { BlockRow, Frame, PoolRow } from '../protocol/rows.ts'
import { WINDOW_MS, WindowSum } from './window.ts'

interface Renewal {
  due: number
  done: number
  block: string | null
}

export class QueueTally {
  made: Frame | undefined
  used = 0
  /** null: they wait elsewhere. */
  pending: number | null = 0
  /** When something was last heard of it. */
  at = -Infinity
  readonly #stalled = new WindowSum()
  readonly #late = new WindowSum()
  #worst: Renewal | undefined

  said(used: number, pending: number): void {
    this.used = used
    this.pending = pending < 0 ? null : pending
  }

  asked(now: number): void {
    this.at = now
    if (this.pending !== null) this.pending++
  }

  taken(now: number): void {
    this.at = now
    this.used++
    this.#leave()
  }

  gone(now: number, wasTaken: boolean): void {
    this.at = now
    if (wasTaken) this.used = Math.max(0, this.used - 1)
    else this.#leave()
  }

  #leave(): void {
    if (this.pending !== null) this.pending = Math.max(0, this.pending - 1)
  }

  get isIdle(): boolean {
    return this.used === 0 && (this.pending ?? 0) === 0
  }

  stalled(now: number, jobs: number): void {
    this.at = now
    this.#stalled.add(now, jobs)
  }

  renewed(done: number, due: number): void {
    this.at = done
    this.#late.add(done, 1)
    const worst = this.#worst
    if (!worst || done - worst.done > WINDOW_MS || done - due >= worst.done - worst.due) {
      this.#worst = { due, done, block: null }
    }
  }

  get totals(): { stalled: number; lateRenewals: number } {
    return { stalled: this.#stalled.total, lateRenewals: this.#late.total }
  }

  /** The block that takes most of the time between due and done is to blame. */
  jobs(now: number, epoch: number, blocks: readonly BlockRow[]): NonNullable<PoolRow['jobs']> {
    const worst = this.#worst && now - this.#worst.done < WINDOW_MS ? this.#worst : undefined
    if (worst && worst.block === null) worst.block = longestIn(worst, epoch, blocks)
    return {
      stalled: this.#stalled.recent(now),
      lateRenewals: this.#late.recent(now),
      worstRenewal: worst ? { late: worst.done - worst.due, at: worst.done + epoch, block: worst.block } : null,
    }
  }
}

function longestIn({ due, done }: Renewal, epoch: number, blocks: readonly BlockRow[]): string | null {
  let longest = 0
  let id: string | null = null
  for (const block of blocks) {
    const from = Math.max(block.at - epoch, due)
    const until = Math.min(block.at - epoch + block.duration, done)
    if (until - from <= longest) continue
    longest = until - from
    id = block.id
  }
  return id
}
