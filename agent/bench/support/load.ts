/** The load, seen from the benchmark: a process of its own that sends a number of requests and says how long it took. */
import { fileURLToPath } from 'node:url'
import type { Children } from './children.ts'
import type { LoadResult, LoadTask } from './load-process.ts'
import { ROOT } from './server.ts'

export interface Load {
  /** Rejects if an answer is anything but a 200. */
  send(task: LoadTask): Promise<LoadResult>
  stop(): Promise<void>
}

export function startLoad(children: Children, prefix: readonly string[] = []): Load {
  const script = fileURLToPath(new URL('load-process.ts', import.meta.url))
  const child = children.start({ script, prefix, cwd: ROOT })
  return {
    async send(task) {
      const result = await child.ask<LoadResult | { error: string }>(task)
      if ('error' in result) throw new Error(`the load failed: ${result.error}`)
      return result
    },
    stop: () => child.stop(),
  }
}
