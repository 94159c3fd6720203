/**
 * BullMQ 5, the worker's side: each job is an activity of the kind `job`, named by queue and job, from the call of the processor
 * to the end of its promise; it has waited since it was added, or was due. The worker's concurrency is a pool.
 *
 * Only a first attempt tells how long it has waited. A processor that delays its job, or waits for children, by throwing what
 * BullMQ has for that has not failed. Nothing here asks Redis.
 */
import { EVENT } from '@loopscope/collector/protocol'
import type { HookContext, PackageHook } from './hook.ts'
import { BullWorkers, type BullLease, type BullWorker } from './support/bull-workers.ts'
import { patchMethods, type Method } from './support/patch.ts'
import { whenSettled } from './support/settle.ts'

interface Job {
  id?: string
  name: string
  timestamp: number
  opts?: { delay?: number }
  attemptsMade?: number
  attemptsStarted?: number
  stalledCounter?: number
}

/** Names of jobs beyond this are one: a program may make them up. */
const MAX_NAMES = 200
const NO_FAILURES = new Set(['DelayedError', 'WaitingError', 'WaitingChildrenError', 'RateLimitError'])

export const bullmq: PackageHook = {
  name: 'bullmq',
  package: 'bullmq',
  files: [{ file: 'dist/cjs/classes/worker.js' }],
  majors: [5],
  how: 'patch',
  start(context: HookContext, exports: { Worker: { prototype: object } }) {
    const { recorder, activities, now } = context
    const workers = BullWorkers.of(context)
    const names = new Map<string, number>()

    function nameOf(queue: string, job: string): number {
      const text = `${queue}:${job}`
      const known = names.get(text)
      if (known !== undefined) return known
      if (names.size >= MAX_NAMES) return recorder.name(`${queue}:other`)
      const name = recorder.name(text)
      names.set(text, name)
      return name
    }

    function wrapCall(original: Method): Method {
      function callProcessJob(this: BullWorker, job: Job): unknown {
        const args = arguments // eslint-disable-line prefer-rest-params
        let lease: BullLease
        let activity: ReturnType<typeof activities.begin>
        try {
          const queue = workers.queueOf(this)
          queue.lost.delete(String(job.id))
          activity = activities.begin('job', nameOf(this.name, job.name))
          if ((job.attemptsMade ?? 0) > 0) recorder.record(EVENT.retry, activity.id, now(), 0, 0)
          lease = workers.take(queue, activity, waitedOf(job))
        } catch {
          return Reflect.apply(original, this, args)
        }
        const over = (failed: boolean, reason?: unknown): void => {
          try {
            workers.giveBack(lease)
            activities.end(activity, failed && !isNoFailure(reason) ? 'failed' : 'ok')
          } catch {
            // The program comes first.
          }
        }
        let result: unknown
        try {
          result = activities.run(activity, () => Reflect.apply(original, this, args) as unknown)
        } catch (error) {
          over(true, error)
          throw error
        }
        return whenSettled(result, over)
      }
      return callProcessJob as Method
    }

    function wrapEmit(original: Method): Method {
      function emit(this: BullWorker, event: unknown, subject: unknown): unknown {
        try {
          if (event === 'stalled') workers.lost(workers.queueOf(this), [subject])
          else if (event === 'lockRenewalFailed') workers.lost(workers.queueOf(this), subject as unknown[])
        } catch {
          // The program comes first.
        }
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return emit as Method
    }

    patchMethods([
      [exports.Worker.prototype, 'callProcessJob', wrapCall],
      [exports.Worker.prototype, 'emit', wrapEmit],
    ])
  },
}

/** Of an attempt that is not the first, nobody knows since when. */
function waitedOf({
  timestamp,
  opts,
  attemptsMade = 0,
  attemptsStarted = 0,
  stalledCounter = 0,
}: Job): number | undefined {
  if (attemptsMade > 0 || attemptsStarted > 1 || stalledCounter > 0) return undefined
  const waited = Date.now() - timestamp - (opts?.delay ?? 0)
  return Number.isFinite(waited) ? Math.max(0, waited) : undefined
}

function isNoFailure(reason: unknown): boolean {
  return reason instanceof Error && (NO_FAILURES.has(reason.name) || reason.message === 'bullmq:rateLimitExceeded')
}
