/** What the process and the agent itself cost. */
import { readFileSync } from 'node:fs'
import type { Totals } from '@loopscope/collector/protocol'
import type { Vitals } from '@loopscope/collector'

const SHARE_OVER_MS = 60_000

/** Called about once a second. */
export function createVitals(now: () => number): (url: string | undefined) => Vitals {
  const history: { at: number; cpu: number }[] = []
  return (url) => {
    const time = now()
    const agentCpu = workerCpuMs()
    history.push({ at: time, cpu: agentCpu })
    while (history.length > 2 && history[0]!.at < time - SHARE_OVER_MS) history.shift()
    const first = history[0]!
    const span = time - first.at
    const memory = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const all: Totals['process'] = {
      cpuUser: user / 1e3,
      cpuSystem: system / 1e3,
      rss: memory.rss,
      uptime: process.uptime() * 1000,
    }
    return {
      process: all,
      agent: {
        cpu: agentCpu,
        cpuShare: span > 0 ? (agentCpu - first.cpu) / span : 0,
        memory: memory.heapTotal + memory.external,
      },
      url,
    }
  }
}

/** CPU time of this thread. process.threadCpuUsage came with Node 22.19; before that Linux knows. */
function workerCpuMs(): number {
  const usage = (process as { threadCpuUsage?: () => { user: number; system: number } }).threadCpuUsage?.()
  if (usage) return (usage.user + usage.system) / 1000
  try {
    return Number.parseInt(readFileSync('/proc/thread-self/schedstat', 'latin1'), 10) / 1e6
  } catch {
    return 0
  }
}
