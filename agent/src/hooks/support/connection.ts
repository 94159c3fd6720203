/** Where a connection is kept: on the library's own object, which ends with it. */
import type { Connection } from '../../program/sockets.ts'

const CONNECTION = Symbol('loopscope.connection')
/** On a server whose connections are those of another library, which tells of them itself. */
const IS_CARRIER = Symbol('loopscope.isCarrier')

export interface Observed {
  [CONNECTION]?: Connection
}

export function connectionOf(socket: Observed): Connection | undefined {
  return socket[CONNECTION]
}

/** Nobody who looks at the object sees it. */
export function attach(socket: object, connection: Connection): void {
  Object.defineProperty(socket, CONNECTION, { value: connection, configurable: true })
}

export function isCarrier(server: object): boolean {
  return (server as { [IS_CARRIER]?: true })[IS_CARRIER] === true
}

export function markCarrier(server: object): void {
  Object.defineProperty(server, IS_CARRIER, { value: true, configurable: true })
}
