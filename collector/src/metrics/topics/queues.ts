import type { Topic } from '../topic.ts'

/** Queues in the program, and the jobs of BullMQ that it works on. */
export const queues: Topic = {
  name: 'queues',
  add(snapshot, points) {
    for (const row of snapshot.pools) {
      if (row.kind !== 'queue') continue
      const queue = attributesOf(row)
      points.value('queueActive', queue, row.used)
      points.value('queuePending', queue, row.pending)
      points.value('queueLimit', queue, row.limit)
    }
    for (const total of snapshot.totals.queues ?? []) {
      const queue = attributesOf(total)
      points.histogram('queueWait', queue, total.wait)
      points.histogram('queueUse', queue, total.use)
      points.value('queueStalled', queue, total.stalled)
      points.value('queueLateRenewals', queue, total.lateRenewals)
    }
  },
}

function attributesOf({ system, name }: { system: string; name: string }) {
  return { 'loopscope.queue.system': system, 'loopscope.queue.name': name }
}
