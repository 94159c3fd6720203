import type { Topic } from '../topic.ts'

const STATE = 'db.client.connection.state'

/** Pools of database connections. The thread pool of libuv is a topic of its own. */
export const pools: Topic = {
  name: 'pools',
  add(snapshot, points) {
    for (const row of snapshot.pools) {
      if (row.kind !== 'db') continue
      const pool = attributesOf(row)
      points.value('connectionCount', { ...pool, [STATE]: 'used' }, row.used)
      points.value('connectionCount', { ...pool, [STATE]: 'idle' }, row.idle)
      points.value('connectionLimit', pool, row.limit)
      points.value('connectionPending', pool, row.pending)
    }
    for (const total of snapshot.totals.pools) {
      const pool = attributesOf(total)
      points.value('connectionTimeouts', pool, total.timeouts)
      points.histogram('connectionWaitTime', pool, total.wait)
      points.histogram('connectionUseTime', pool, total.use)
    }
  },
}

function attributesOf(pool: { system: string; name: string }) {
  return { 'db.system.name': pool.system, 'db.client.connection.pool.name': pool.name }
}
