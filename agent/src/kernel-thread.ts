import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** The operating system's id of this thread. Linux: /proc/thread-self is a link to PID/task/TID. 0 where nobody tells. */
export function currentThreadId(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return 0
  }
}
