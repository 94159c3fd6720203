/** The rows of the dashboard *Event loop*, in the order of its questions: is it healthy, what blocks it, who suffers, what else. */
import type { Panel } from '../panel.ts'
import { agentCpu } from './agent-cpu.ts'
import { agentEvents } from './agent-events.ts'
import { agentMemory } from './agent-memory.ts'
import { blockedNow } from './blocked-now.ts'
import { blockedTime } from './blocked-time.ts'
import { blocksByCulprit } from './blocks-by-culprit.ts'
import { busyTime } from './busy-time.ts'
import { delayHeatmap } from './delay-heatmap.ts'
import { delayOverObjective } from './delay-over-objective.ts'
import { delayP99Now } from './delay-p99-now.ts'
import { delayQuantiles } from './delay-quantiles.ts'
import { gc } from './gc.ts'

import { memory } from './memory.ts'
import { poolConnections } from './pool-connections.ts'
import { poolWait } from './pool-wait.ts'
import { requestLatency } from './request-latency.ts'
import { requestRate } from './request-rate.ts'
import { requestWaits } from './request-waits.ts'
import { tasksActive } from './tasks-active.ts'
import { tasksFailures } from './tasks-failures.ts'
import { tasksOldest } from './tasks-oldest.ts'
import { threadPool } from './thread-pool.ts'
import { threadPoolWait } from './thread-pool-wait.ts'
import { utilisation } from './utilisation.ts'
import { utilisationNow } from './utilisation-now.ts'
import { victimTime } from './victim-time.ts'

export interface Row {
  title: string
  panels: Panel[]
}

export const EVENT_LOOP: Row[] = [
  {
    title: 'Is the loop healthy?',
    panels: [blockedNow, utilisationNow, delayP99Now, delayOverObjective, delayHeatmap, delayQuantiles, utilisation],
  },
  { title: 'What blocks it?', panels: [blocksByCulprit, blockedTime, busyTime] },
  { title: 'Who suffers?', panels: [victimTime, requestLatency, requestWaits, requestRate] },
  { title: 'Pools', panels: [poolConnections, poolWait, threadPool, threadPoolWait] },
  { title: 'Background tasks', panels: [tasksActive, tasksOldest, tasksFailures] },
  { title: 'Garbage and memory', panels: [gc, memory] },
  { title: 'What loopscope itself costs', panels: [agentCpu, agentMemory, agentEvents] },
]
