import type { MaybeAttributes, Topic } from '../topic.ts'

const DIRECTION = 'network.io.direction'

/** Connections that stay open, by library and path. */
export const websockets: Topic = {
  name: 'websockets',
  add(snapshot, points) {
    for (const row of snapshot.websockets) {
      points.value('websocketConnections', attributesOf(row), row.connections)
      points.value('websocketBuffered', attributesOf(row), row.buffered)
    }
    for (const total of snapshot.totals.websockets ?? []) {
      const path = attributesOf(total)
      points.value('websocketMessages', { ...path, [DIRECTION]: 'receive' }, total.messagesIn)
      points.value('websocketMessages', { ...path, [DIRECTION]: 'transmit' }, total.messagesOut)
      points.value('websocketBytes', { ...path, [DIRECTION]: 'receive' }, total.bytesIn)
      points.value('websocketBytes', { ...path, [DIRECTION]: 'transmit' }, total.bytesOut)
      points.histogram('websocketHandlerDuration', path, total.handler)
    }
  },
}

function attributesOf({ library, path }: { library: string; path: string }): MaybeAttributes {
  return { 'loopscope.websocket.library': library, 'loopscope.websocket.path': path }
}
