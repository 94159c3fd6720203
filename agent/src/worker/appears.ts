/** Waits for a file: the primary of a cluster starts its workers while its own agent still starts. */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 50

export async function appears(path: string, withinMs = 3000): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += LOOK_EVERY_MS) {
    if (existsSync(path)) return true
    await sleep(LOOK_EVERY_MS)
  }
  return existsSync(path)
}
