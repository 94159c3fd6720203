/** What the end of the screen means for the exit code. */
import { constants } from 'node:os'
import type { Ending } from '../screen/app.ts'

/** A crash is thrown on, now that the terminal can show it. */
export function exitCodeOf(ending: Ending): number {
  if (ending.kind === 'crash') throw ending.error
  return ending.kind === 'signal' ? signalCode(ending.signal) : 0
}

export function signalCode(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0)
}
