/** The server of a program: its port is the first thing that it prints. */
import { ask, type Answer } from './ask.ts'
import type { Running } from './program.ts'

export async function portOf(running: Running): Promise<number> {
  return Number((await running.printed(/^port (\d+)$/m))[1])
}

export function get(port: number, path: string): Promise<Answer> {
  return ask({ port }, path)
}

/** Asks now, and again every 2 s that it is called: a block that a busy machine hides comes again. */
export function repeatedly(port: number, path: string): () => Promise<void> {
  let askedAt = -Infinity
  return async () => {
    if (performance.now() - askedAt < 2000) return
    await get(port, path)
    askedAt = performance.now()
  }
}
