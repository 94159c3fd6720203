import { seconds, type Topic } from '../topic.ts'

/** libuv's thread pool belongs to the process: each of its instances sees the same one. */
export const threadpool: Topic = {
  name: 'threadpool',
  add(snapshot, points) {
    for (const row of snapshot.pools) {
      if (row.kind !== 'libuv') continue
      points.value('threadpoolSize', {}, row.limit)
      points.value('threadpoolActive', {}, row.used)
      points.value('threadpoolQueued', {}, row.pending)
      points.value('threadpoolProbeAge', {}, seconds(row.probeAge ?? 0))
    }
    points.histogram('threadpoolWait', {}, snapshot.totals.threadpoolWait)
  },
}
