/** The rule file: recordings first, so that the alerts of the same evaluation see them. */
import { agentDropping } from './agent-dropping.ts'
import { backgroundPileup } from './background-pileup.ts'
import { dbPoolStarved } from './db-pool-starved.ts'
import { delayRecordings } from './delay-recording.ts'
import { eventLoopBlockedNow } from './event-loop-blocked-now.ts'
import { eventLoopLagHigh } from './event-loop-lag-high.ts'
import type { RuleParameters } from './objective.ts'
import type { AlertRule, RuleGroup } from './rule.ts'
import { threadPoolSaturated } from './thread-pool-saturated.ts'

const ALERTS: ((parameters: RuleParameters) => AlertRule[])[] = [
  eventLoopBlockedNow,
  eventLoopLagHigh,
  dbPoolStarved,
  threadPoolSaturated,
  backgroundPileup,
  agentDropping,
]

export function ruleFile(parameters: RuleParameters): { groups: RuleGroup[] } {
  const interval = parameters.interval === undefined ? {} : { interval: parameters.interval }
  return {
    groups: [
      {
        name: 'loopscope',
        ...interval,
        rules: [...delayRecordings(parameters), ...ALERTS.flatMap((alertsOf) => alertsOf(parameters))],
      },
    ],
  }
}
