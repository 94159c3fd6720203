import { tmpdir } from 'node:os'
import { socketPath } from '@loopscope/collector/protocol'

/** The socket of an observed process of this user. */
export function localSocket(pid: number): string {
  return socketPath(pid, {
    platform: process.platform,
    uid: process.getuid?.(),
    environment: process.env,
    temporaryDirectory: tmpdir(),
  })
}
