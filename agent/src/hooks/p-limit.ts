/**
 * p-limit 7: `pLimit` is replaced by a function that makes a limiter of ours around its own; each call of the limiter is a lease
 * of its pool, from the call to the end of the function. p-limit itself keeps the async context of who called.
 *
 * `map` calls the inner limiter, which nobody sees: it is given an iterable that says when an item is taken, which is when its
 * task is queued, and a function that says when it begins.
 */
import type { Queue, Task } from '../program/queues.ts'
import type { HookContext, PackageHook, Replace } from './hook.ts'
import { disguise, type Method } from './support/patch.ts'
import { Tasks } from './support/tasks.ts'

type Limiter = Method & { concurrency: number; pendingCount: number }

export const pLimit: PackageHook = {
  name: 'p-limit',
  package: 'p-limit',
  files: [{ file: 'index.js', variable: 'pLimit', isReplaced: true }],
  majors: [7],
  how: 'patch',
  start({ activities, queues }: HookContext, original: (...args: unknown[]) => Limiter, _version, replace?: Replace) {
    if (typeof original !== 'function' || replace === undefined) throw new Error('pLimit cannot be replaced')
    const tasks = new Tasks(activities, queues)

    /** What is missing is a task that nobody sees; it runs all the same. */
    function ask(queue: Queue, below: Method): Task | undefined {
      try {
        return queues.ask(queue, below)
      } catch {
        return undefined
      }
    }

    /** What does not wait is out of p-limit's queue, and begins in a microtask. */
    function put(task: Task | undefined, limiter: Limiter): void {
      try {
        if (task && limiter.pendingCount > 0) queues.put(task, limiter)
      } catch {
        // The program comes first.
      }
    }

    function observe(limiter: Limiter, queue: Queue): Limiter {
      function generator(this: unknown, ...args: never[]): unknown {
        const fn = args[0] as unknown as Method
        const task = typeof fn === 'function' ? ask(queue, generator) : undefined
        if (task === undefined) return Reflect.apply(limiter, this, args)
        args[0] = ((...given: never[]) => tasks.run(task, fn, undefined, given)) as never
        const promise: unknown = Reflect.apply(limiter, this, args)
        put(task, limiter)
        return promise
      }

      function* taken(items: Iterable<unknown>, asked: (Task | undefined)[], below: Method): Generator<unknown> {
        for (const item of items) {
          const task = ask(queue, below)
          asked.push(task)
          yield item
          put(task, limiter)
        }
      }

      const wrapMap = (map: Method): Method =>
        function (this: unknown, items: never, fn: never): unknown {
          const isIterable =
            typeof (items as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] === 'function'
          if (!isIterable || typeof fn !== 'function') return Reflect.apply(map, this, [items, fn])
          const asked: (Task | undefined)[] = []
          const run = (item: never, index: number): unknown => {
            const task = asked[index]
            return task === undefined
              ? Reflect.apply(fn, undefined, [item, index])
              : tasks.run(task, fn, undefined, [item, index])
          }
          return Reflect.apply(map, this, [taken(items, asked, limiter), run] as never)
        }

      const wrapClear = (clear: Method): Method =>
        function (this: unknown): unknown {
          try {
            queues.drop(queue)
          } catch {
            // The program comes first.
          }
          return Reflect.apply(clear, this, arguments) // eslint-disable-line prefer-rest-params
        }

      const wrapResize = (resize: (value: number) => void) =>
        function (this: unknown, value: number): void {
          Reflect.apply(resize, this, [value])
          queues.resize(queue, value)
        }

      const properties = Object.getOwnPropertyDescriptors(limiter) as Record<string, PropertyDescriptor>
      const { map, clearQueue, concurrency } = properties
      if (typeof map?.value === 'function') map.value = disguise(wrapMap(map.value as Method), map.value as Method)
      if (typeof clearQueue?.value === 'function') {
        clearQueue.value = disguise(wrapClear(clearQueue.value as Method), clearQueue.value as Method)
      }
      if (concurrency?.set) concurrency.set = disguise(wrapResize(concurrency.set), concurrency.set)
      return Object.defineProperties(generator, properties) as never
    }

    function pLimit(this: unknown): unknown {
      const limiter = Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      try {
        const queue = queues.create('p-limit', limiter.concurrency, pLimit as Method)
        return queue ? observe(limiter, queue) : limiter
      } catch {
        return limiter
      }
    }
    replace(disguise(pLimit, original))
  },
}
