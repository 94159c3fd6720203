/**
 * p-queue 9: each task of `add` (and of `addAll`, which calls it) is a lease of the queue's pool, from the call to the end of
 * its function. p-queue runs a function in the async context of whoever ended the task before; here it runs as the activity
 * that has added it.
 *
 *   set concurrency   is called by the constructor: the line that makes the queue is known there; later a new limit
 *   clear             the waiting tasks are gone, their promises stay pending
 *   timeout, signal   p-queue gives up on the task: its slot is free, its activity goes on with what the function does
 */
import { WAITING, type Queue, type Task } from '../program/queues.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { disguise, patchMethods, type Method } from './support/patch.ts'
import { Tasks } from './support/tasks.ts'

interface PQueue {
  concurrency: number
  pending: number
  timeout?: number
}

interface Options {
  timeout?: unknown
  signal?: { aborted: boolean }
}

export const pQueue: PackageHook = {
  name: 'p-queue',
  package: 'p-queue',
  files: [{ file: 'dist/index.js', variable: 'PQueue' }],
  majors: [9],
  how: 'patch',
  start({ activities, queues }: HookContext, exports: { prototype: object }) {
    const { prototype } = exports
    const concurrency = Object.getOwnPropertyDescriptor(prototype, 'concurrency')
    const original = concurrency?.set
    if (concurrency === undefined || original === undefined) throw new Error('concurrency is not an accessor')
    const tasks = new Tasks(activities, queues)
    const known = new WeakMap<object, Queue>()

    function setConcurrency(this: PQueue, value: number): void {
      Reflect.apply(original!, this, [value])
      try {
        const queue = known.get(this)
        // The frames above: the constructor, then who calls it.
        if (queue !== undefined) return queues.resize(queue, value)
        const created = queues.create('p-queue', value, setConcurrency, 2)
        if (created) known.set(this, created)
      } catch {
        // The program comes first.
      }
    }

    function ask(queue: PQueue, options: Options | undefined, below: Method): Task | undefined {
      try {
        const of = known.get(queue)
        if (of === undefined) return undefined
        const task = queues.ask(of, below)
        const timeout = options?.timeout ?? queue.timeout
        if (typeof timeout === 'number') task.timeout = timeout
        task.signal = options?.signal
        return task
      } catch {
        return undefined
      }
    }

    function wrapAdd(originalAdd: Method): Method {
      function add(this: PQueue, fn: Method, options?: Options): unknown {
        const task = typeof fn === 'function' ? ask(this, options, add as Method) : undefined
        if (task === undefined) {
          return Reflect.apply(originalAdd, this, arguments) // eslint-disable-line prefer-rest-params
        }
        const run = function (argument: never): unknown {
          return tasks.run(task, fn, undefined, [argument])
        }
        const args: unknown[] = [...arguments] // eslint-disable-line prefer-rest-params
        args[0] = run
        const promise: unknown = Reflect.apply(originalAdd, this, args as never)
        if (task.state !== WAITING) return promise
        try {
          // With a slot free it waits for something else: a rate limit, or a pause.
          if (this.pending < this.concurrency) task.queue.isTimed = true
          queues.put(task, this)
        } catch {
          // The program comes first.
        }
        return promise
      }
      return add as Method
    }

    function wrapClear(originalClear: Method): Method {
      function clear(this: PQueue): unknown {
        try {
          const queue = known.get(this)
          if (queue) queues.drop(queue)
        } catch {
          // The program comes first.
        }
        return Reflect.apply(originalClear, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return clear as Method
    }

    patchMethods([
      [prototype, 'add', wrapAdd],
      [prototype, 'clear', wrapClear],
    ])
    Object.defineProperty(prototype, 'concurrency', { ...concurrency, set: disguise(setConcurrency, original) })
  },
}
