import type { Topic } from '../topic.ts'

/**
 * Calls to other servers, by host. The semantic conventions have no name for either time: `http.client.connection.duration` is
 * how long a connection lasts, `http.client.request.duration` has the body in it.
 */
export const calls: Topic = {
  name: 'calls',
  add(snapshot, points) {
    for (const { system, name, connect, firstByte } of snapshot.totals.calls ?? []) {
      const host = { 'loopscope.http.client.system': system, ...addressOf(name) }
      if (connect.count > 0) points.histogram('callConnect', host, connect)
      if (firstByte.count > 0) points.histogram('callFirstByte', host, firstByte)
    }
  },
}

/** host:port, or what has no port: `unix:/path`, `other hosts`. */
function addressOf(name: string) {
  const [, address, port] = /^(.+):(\d+)$/.exec(name) ?? []
  return address === undefined ? { 'server.address': name } : { 'server.address': address, 'server.port': Number(port) }
}
