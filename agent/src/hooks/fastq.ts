/**
 * fastq 1, with callbacks and with promises: each task of `push` and `unshift` is a lease of the queue's pool, until its worker
 * calls back. fastq calls the worker in the async context of whoever ended the task before; here worker and callback run as the
 * activity that has pushed the task.
 *
 * The worker is given no more than a value, which need not be unique: which task it is, a list in the queue's order tells. A
 * task runs at once exactly while less than `concurrency` do and the queue is not paused, as fastq itself decides.
 */
import type { Queue, Task } from '../program/queues.ts'
import type { HookContext, PackageHook, Replace } from './hook.ts'
import { disguise, type Method } from './support/patch.ts'

interface FastQueue {
  concurrency: number
  paused: boolean
  running(): number
  push: Method
  unshift: Method
  kill: Method
  killAndDrain: Method
  abort?: Method
}

interface Entry {
  task: Task | undefined
  next: Entry | undefined
}

export const fastq: PackageHook = {
  name: 'fastq',
  package: 'fastq',
  files: [{ file: 'queue.js', variable: 'fastqueue', isReplaced: true }],
  majors: [1],
  how: 'patch',
  start({ activities, queues }: HookContext, original: Method & { promise: Method }, _version, replace?: Replace) {
    if (typeof original !== 'function' || replace === undefined) throw new Error('fastqueue cannot be replaced')

    /** What throws here is ours: the task is then one that nobody sees. */
    function safely<T>(fn: () => T): T | undefined {
      try {
        return fn()
      } catch {
        return undefined
      }
    }

    class Mirror {
      queue: Queue | undefined
      /** What is being pushed runs at once. */
      immediate: Entry | undefined
      #head: Entry | undefined
      #tail: Entry | undefined

      append(entry: Entry): void {
        if (this.#tail) this.#tail.next = entry
        else this.#head = entry
        this.#tail = entry
      }

      prepend(entry: Entry): void {
        entry.next = this.#head
        this.#head = entry
        this.#tail ??= entry
      }

      /** The task of the worker that is called now. */
      next(): Task | undefined {
        const entry = this.immediate ?? this.#head
        if (this.immediate) this.immediate = undefined
        else if (entry) {
          this.#head = entry.next
          if (this.#head === undefined) this.#tail = undefined
        }
        return entry?.task
      }

      clear(): void {
        this.#head = undefined
        this.#tail = undefined
      }
    }

    function wrapWorker(worker: Method, mirror: Mirror): Method {
      return function (this: unknown, ...args: never[]): unknown {
        const task = mirror.next()
        if (task === undefined) return Reflect.apply(worker, this, args)
        safely(() => queues.take(task))
        return activities.callIn(task.activity, worker, this, args)
      }
    }

    function wrapPush(push: Method, mirror: Mirror, fast: FastQueue, isFirst: boolean): Method {
      const wrapper = function (this: unknown, value: never, done: unknown): unknown {
        const { queue } = mirror
        const task = queue && safely(() => queues.ask(queue, wrapper))
        const entry: Entry = { task, next: undefined }
        const outer = mirror.immediate
        if (fast.running() >= fast.concurrency || fast.paused) {
          if (isFirst) mirror.prepend(entry)
          else mirror.append(entry)
          if (task) safely(() => queues.put(task, fast))
        } else mirror.immediate = entry
        try {
          if (task === undefined) return Reflect.apply(push, this, arguments) // eslint-disable-line prefer-rest-params
          return Reflect.apply(push, this, [value, wrapDone(done, task)] as never)
        } finally {
          mirror.immediate = outer
        }
      }
      return disguise(wrapper, push)
    }

    /** fastq takes any falsy value for no callback. */
    function wrapDone(done: unknown, task: Task): Method {
      return function (this: unknown, ...args: never[]): unknown {
        safely(() => queues.end(task, Boolean(args[0])))
        return done ? activities.callIn(task.activity, done as Method, this, args) : undefined
      }
    }

    function wrapEnd(end: Method, mirror: Mirror): Method {
      return disguise(function (this: unknown): unknown {
        mirror.clear()
        safely(() => mirror.queue && queues.drop(mirror.queue))
        return Reflect.apply(end, this, arguments) // eslint-disable-line prefer-rest-params
      }, end)
    }

    function observe(fast: FastQueue, mirror: Mirror, queue: Queue): void {
      mirror.queue = queue
      fast.push = wrapPush(fast.push, mirror, fast, false)
      fast.unshift = wrapPush(fast.unshift, mirror, fast, true)
      for (const name of ['kill', 'killAndDrain', 'abort'] as const) {
        const end = fast[name]
        if (end) fast[name] = wrapEnd(end, mirror)
      }
      const { get, set } = Object.getOwnPropertyDescriptor(fast, 'concurrency') ?? {}
      if (get === undefined || set === undefined) return
      const resize = function (this: unknown, value: number): void {
        // Before: it may begin tasks.
        if (value >= 1) safely(() => queues.resize(queue, value))
        Reflect.apply(set, this, [value])
      }
      const flags = { configurable: true, enumerable: true }
      Object.defineProperty(fast, 'concurrency', { get, set: disguise(resize, set), ...flags })
    }

    function fastqueue(this: unknown, ...args: unknown[]): unknown {
      const at = typeof args[0] === 'function' ? 0 : 1
      const worker = args[at]
      const mirror = new Mirror()
      if (typeof worker === 'function') args[at] = disguise(wrapWorker(worker as Method, mirror), worker)
      const fast = Reflect.apply(original, this, args as never) as FastQueue
      safely(() => {
        const queue = queues.create('fastq', fast.concurrency, outer ?? (fastqueue as Method))
        if (queue) observe(fast, mirror, queue)
      })
      return fast
    }

    /** What the program has called, where that is not fastqueue itself. */
    let outer: Method | undefined

    const replacement = disguise(fastqueue as Method, original) as Method & { promise: Method }
    const { promise: originalPromise } = original
    function queueAsPromised(this: unknown): unknown {
      outer = queueAsPromised as Method
      try {
        return Reflect.apply(originalPromise, this, arguments) // eslint-disable-line prefer-rest-params
      } finally {
        outer = undefined
      }
    }
    if (typeof originalPromise === 'function')
      replacement.promise = disguise(queueAsPromised as Method, originalPromise)
    replace(replacement)
  },
}
