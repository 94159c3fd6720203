/**
 * BullMQ 5, the locks of jobs: a worker renews them from a timer, which a block keeps from it; too late, and another worker takes
 * the job for stalled and does it a second time. A renewal is late when Redis has answered it by a tenth of the timer's period
 * after it was due; which block that was, the model finds out.
 */
import type { HookContext, PackageHook } from './hook.ts'
import { BullWorkers, type BullWorker } from './support/bull-workers.ts'
import { patchMethods, type Method } from './support/patch.ts'
import { whenSettled } from './support/settle.ts'

interface LockManager {
  worker: BullWorker
  opts: { lockRenewTime: number }
}

const LATE = 0.1
/** Of a short period not even that: timers, and Redis, take their time. */
const LEAST_LATE_MS = 20

export const bullmqLocks: PackageHook = {
  name: 'bullmq-locks',
  package: 'bullmq',
  files: [{ file: 'dist/cjs/classes/lock-manager.js' }],
  majors: [5],
  how: 'patch',
  start(context: HookContext, exports: { LockManager: { prototype: object } }) {
    const { now } = context
    const workers = BullWorkers.of(context)
    const due = new WeakMap<LockManager, number>()

    function wrapStart(original: Method): Method {
      function startLockExtenderTimer(this: LockManager): unknown {
        due.set(this, now() + periodOf(this))
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return startLockExtenderTimer as Method
    }

    function wrapExtend(original: Method): Method {
      function extendLocks(this: LockManager): unknown {
        const since = due.get(this)
        const result = Reflect.apply(original, this, arguments) as unknown // eslint-disable-line prefer-rest-params
        if (since === undefined) return result
        // The timer awaits it; a program that calls it itself has its errors emitted, not thrown.
        return whenSettled(result, () => {
          try {
            if (now() - since < Math.max(LEAST_LATE_MS, periodOf(this) * LATE)) return
            workers.renewedLate(workers.queueOf(this.worker), since)
          } catch {
            // The program comes first.
          }
        })
      }
      return extendLocks as Method
    }

    patchMethods([
      [exports.LockManager.prototype, 'startLockExtenderTimer', wrapStart],
      [exports.LockManager.prototype, 'extendLocks', wrapExtend],
    ])
  },
}

/** As BullMQ's own timer. */
function periodOf({ opts }: LockManager): number {
  return opts.lockRenewTime / 2
}
