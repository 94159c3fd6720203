import { metric } from '../promql.ts'
import type { RuleParameters } from './objective.ts'
import { command, WHERE, WORST_CULPRIT, type AlertRule } from './rule.ts'

/** Fires while it lasts: the metrics are served by the agent's own thread, so they answer although the program does not. */
export function eventLoopBlockedNow({ blockedSeconds }: RuleParameters): AlertRule[] {
  return [
    {
      alert: 'EventLoopBlockedNow',
      expr: `${metric('blockedDuration')} > ${blockedSeconds}`,
      labels: { severity: 'critical' },
      annotations: {
        summary: `Event loop of ${WHERE} is blocked for {{ $value | humanizeDuration }} and counting.` + WORST_CULPRIT,
        description:
          `One callback holds the loop: the process answers nobody until it ends. Run \`${command('blocks')}\` now: the` +
          ` open block has the stack, the line and the request that hold it. If it never ends, end the process; then` +
          ` move that work off the loop, bound its input, or cut it into slices.`,
      },
    },
  ]
}
