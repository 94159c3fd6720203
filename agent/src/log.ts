/** One line on stderr for each cause, never more than once a minute. Written at once: the loop may be blocked or ending. */
import { writeSync } from 'node:fs'

const LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LEVELS)[number]
export type Log = (level: LogLevel, cause: string, message: string) => void

const EVERY_MS = 60_000

export function createLog(highest: LogLevel, now: () => number = Date.now): Log {
  const saidAt = new Map<string, number>()
  return (level, cause, message) => {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(highest)) return
    const last = saidAt.get(cause)
    if (last !== undefined && now() - last < EVERY_MS) return
    saidAt.set(cause, now())
    try {
      writeSync(2, `loopscope: ${message.replace(/\s*\n\s*/g, ' ')}\n`)
    } catch {
      // stderr is closed or full: there is nobody to tell.
    }
  }
}
