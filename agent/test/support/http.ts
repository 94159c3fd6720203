/** The server of a program: its port is the first thing that it prints. */
import { ask, type Answer } from './ask.ts'
import type { Running } from './program.ts'

export async function portOf(running: Running): Promise<number> {
  return Number((await running.printed(/^port (\d+)$/m))[1])
}

export function get(port: number, path: string): Promise<Answer> {
  return ask({ port }, path)
}
