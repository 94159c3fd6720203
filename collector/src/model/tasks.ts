/** Background work in numbers, by its name: what runs, how it came and went, what failed. */
import { OUTCOME } from '../protocol/events.ts'
import type { BackgroundRow, Totals } from '../protocol/rows.ts'
import { WindowHistogram, WindowSum } from './window.ts'

export interface TaskStats {
  running: number
  started: WindowSum
  ended: WindowSum
  failed: WindowSum
  unhandled: WindowSum
  retried: WindowSum
  duration: WindowHistogram
}

/** What runs now under a name. */
export interface Oldest {
  since: number
  site: string | null
}

const MAX_NAMES = 200

export class TaskTable {
  readonly #tasks = new Map<string, TaskStats>()

  get(name: string): TaskStats {
    const known = this.#tasks.get(name)
    if (known) return known
    if (this.#tasks.size >= MAX_NAMES && name !== 'other') return this.get('other')
    const task = {
      running: 0,
      started: new WindowSum(),
      ended: new WindowSum(),
      failed: new WindowSum(),
      unhandled: new WindowSum(),
      retried: new WindowSum(),
      duration: new WindowHistogram(),
    }
    this.#tasks.set(name, task)
    return task
  }

  begun(name: string, now: number): void {
    const task = this.get(name)
    task.running++
    task.started.add(now, 1)
  }

  ended(name: string, now: number, duration: number, outcome: number): void {
    const task = this.get(name)
    task.running--
    task.ended.add(now, 1)
    task.duration.record(now, duration)
    if (outcome !== OUTCOME.ok) task.failed.add(now, 1)
  }

  /** `seconds`: how much of the last minute there is. */
  rows(now: number, instance: string, oldest: ReadonlyMap<string, Oldest>, seconds: number): BackgroundRow[] {
    const rows: BackgroundRow[] = []
    for (const [name, task] of this.#tasks) {
      const started = task.started.recent(now)
      const ended = task.ended.recent(now)
      const unhandled = task.unhandled.recent(now)
      if (task.running <= 0 && started === 0 && ended === 0 && unhandled === 0) continue
      const first = oldest.get(name)
      const retried = task.retried.recent(now)
      const duration = task.duration.recent(now)
      rows.push({
        instance,
        name,
        running: Math.max(0, task.running),
        oldest: first ? now - first.since : 0,
        started,
        ended,
        failed: task.failed.recent(now),
        site: first?.site ?? null,
        rateIn: started / seconds,
        rateOut: ended / seconds,
        ...(duration.count > 0
          ? { duration: { p50: duration.quantile(0.5), p99: duration.quantile(0.99), max: duration.max } }
          : {}),
        unhandled,
        ...(retried > 0 ? { retried } : {}),
      })
    }
    return rows.sort((a, b) => b.running - a.running || b.oldest - a.oldest)
  }

  totals(): Totals['tasks'] {
    return [...this.#tasks].map(([name, task]) => ({
      name,
      duration: task.duration.total().toData(),
      failures: task.failed.total,
      started: task.started.total,
      unhandled: task.unhandled.total,
    }))
  }
}
