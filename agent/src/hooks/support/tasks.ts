/** Runs the function of a queued task as the activity that has queued it, and gives its slot back when it is over. */
import type { Activities } from '../../program/activity.ts'
import type { Queues, Task } from '../../program/queues.ts'
import { whenSettled } from './settle.ts'

type Fn = (...args: never[]) => unknown

export class Tasks {
  readonly #activities: Activities
  readonly #queues: Queues

  constructor(activities: Activities, queues: Queues) {
    this.#activities = activities
    this.#queues = queues
  }

  run(task: Task, fn: Fn, self: unknown, args: ArrayLike<unknown>): unknown {
    try {
      this.#queues.take(task)
    } catch {
      // The program comes first.
    }
    let result: unknown
    try {
      result = this.#activities.callIn(task.activity, fn, self, args)
    } catch (error) {
      this.#end(task, true)
      throw error
    }
    return whenSettled(result, (failed) => this.#end(task, failed))
  }

  #end(task: Task, failed: boolean): void {
    try {
      this.#queues.end(task, failed)
    } catch {
      // The program comes first.
    }
  }
}
